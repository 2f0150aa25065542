using System.CommandLine;
using AdapterServe.AdapterServer.Commands;
using AdapterServe.Cli.Output;
using Spectre.Console;

namespace AdapterServe.Cli.Commands;

/// <summary><c>import DIR</c>: a model into a data folder, ahead of the server.</summary>
internal static class ImportCommand
{
    private static readonly string[] s_forwarded = ["--data", "--weights", "--embedding-weights", "--kv", "--model-id"];

    public static Command Build(ServerOptionSet server)
    {
        var folder = new Argument<string?>("dir") { Description = "The model's folder; without it the demo's", Arity = ArgumentArity.ZeroOrOne };
        var fusable = new Option<bool>("--fusable") { Description = "For a server that may fuse adapters" };
        var forwarded = s_forwarded.Select(name => new Option<string?>(name) { Description = "As the server's" }).ToArray();
        var command = new Command("import", "Prepares a model for a server with the same options, which then starts at once.") { folder, fusable };
        foreach (var option in forwarded)
        {
            command.Options.Add(option);
        }

        command.SetAction(async (parsed, cancellation) =>
        {
            List<string> arguments = [.. forwarded.Where(option => parsed.GetValue(option) is not null).SelectMany(option => new[] { option.Name, parsed.GetValue(option)! })];
            if (parsed.GetValue(folder) is { } named)
            {
                arguments.AddRange(["--model", named]);
            }

            if (parsed.GetValue(fusable))
            {
                arguments.Add("--fusable");
            }

            var imported = await WithProgressAsync(progress => ModelImport.RunAsync(arguments, progress, cancellation));
            if (server.IsJson(parsed))
            {
                Answer.Json(imported);
            }
            else
            {
                Answer.Members(System.Text.Json.JsonSerializer.SerializeToElement(imported, Answer.Options));
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static Task<T> WithProgressAsync<T>(Func<IProgress<ImportStep>, Task<T>> body)
    {
        if (!Terminals.Error.Profile.Capabilities.Interactive)
        {
            return body(new Telling(_ => { }));
        }

        return Terminals.Error.Progress().StartAsync(progress =>
        {
            var tasks = new Dictionary<string, ProgressTask>(StringComparer.Ordinal);
            return body(new Telling(step =>
            {
                lock (tasks)
                {
                    if (!tasks.TryGetValue(step.Stage, out var task))
                    {
                        tasks[step.Stage] = task = progress.AddTask(Markup.Escape(step.Stage), maxValue: Math.Max(step.Total, 1));
                    }

                    task.Value = step.Done;
                }
            }));
        });
    }

    private sealed class Telling(Action<ImportStep> tell) : IProgress<ImportStep>
    {
        public void Report(ImportStep value) => tell(value);
    }
}
