using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterStore;

namespace AdapterServe.AdapterServer.Commands;

/// <summary>The options of a server that isn't started: what commands beside it work on.</summary>
internal static class ServerSettings
{
    /// <summary>Environment and arguments, as a server reads them. <b>Errors</b>: <see cref="CommandException"/>.</summary>
    public static ServerOptions Of(IReadOnlyList<string> arguments)
    {
        try
        {
            var configuration = new ConfigurationBuilder()
                .AddInMemoryCollection(CommandLine.ParseEnvironment(Environment.GetEnvironmentVariable))
                .AddInMemoryCollection(CommandLine.ParseArguments(arguments)).Build();
            var options = configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
            var failures = new ServerOptionsValidator().Validate(null, options).Failures ?? [];
            return failures.Any() ? throw new CommandException(string.Join(' ', failures.Select(OptionNames.InOperatorsWords))) : options;
        }
        catch (CommandLineException e)
        {
            throw new CommandException(e.Message, e);
        }
    }

    /// <summary>Where the registry is.</summary>
    public static AdapterStoreOptions Store(ServerOptions options) => new() { DataDirectory = options.Data, Registry = options.Registry };
}
