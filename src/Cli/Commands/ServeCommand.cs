using System.CommandLine;
using AdapterServe.AdapterServer.Commands;

namespace AdapterServe.Cli.Commands;

/// <summary><c>serve [options]</c>: the server in this process. Its options are read by the server; here they are only for completion.</summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    public static Command Build()
    {
        var command = new Command(Name, "Serves a model and its adapters; 'serve --help' lists the server's options.");
        foreach (var option in ServerProgram.Options)
        {
            command.Options.Add(new Option<string?>(option) { Arity = ArgumentArity.ZeroOrOne });
        }

        return command;
    }
}
