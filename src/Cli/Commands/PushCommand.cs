using System.CommandLine;
using AdapterServe.AdapterServer.Commands;
using AdapterServe.Client.Adapters;
using AdapterServe.Cli.Output;
using Spectre.Console;

namespace AdapterServe.Cli.Commands;

/// <summary><c>adapters push NAME DIR</c>.</summary>
internal static class PushCommand
{
    public static Command Build(ServerOptionSet server)
    {
        var name = AdapterCommands.Name("What the adapter shall be called");
        var folder = new Argument<string>("dir") { Description = "Its folder, as its library saved it" };
        var lower = new Option<string?>("--lower") { Description = "Ask for an approximation, e.g. svd:rank=8" };
        var ifMatch = new Option<string?>("--if-match") { Description = "Only while this digest is current" };
        var command = new Command("push", "Uploads an adapter's folder; the next request may use it.") { name, folder, lower, ifMatch };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client =>
        {
            var path = parsed.GetValue(folder)!;
            if (!Directory.Exists(path))
            {
                throw new CommandException($"{path} is no folder.");
            }

            var options = new UploadOptions { Lower = parsed.GetValue(lower), IfMatch = parsed.GetValue(ifMatch) };
            var (adapter, isNew) = await WithProgressAsync(path, options, told => client.Adapters.PushAsync(parsed.GetValue(name)!, path, told, cancellation));
            if (!server.IsJson(parsed))
            {
                Console.WriteLine(isNew ? $"{adapter.Name}@{adapter.Version} is new." : $"{adapter.Name}@{adapter.Version} was there already.");
            }

            return AdapterCommands.Print(server, parsed, adapter);
        }));
        return command;
    }

    private static Task<T> WithProgressAsync<T>(string folder, UploadOptions options, Func<UploadOptions, Task<T>> upload)
    {
        if (!Terminals.Error.Profile.Capabilities.Interactive)
        {
            return upload(options);
        }

        var total = AdapterCalls.FilesOf(folder).Sum(path => new FileInfo(path).Length);
        return Terminals.Error.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn()).StartAsync(progress =>
        {
            var task = progress.AddTask("uploading", maxValue: Math.Max(total, 1));
            return upload(options with { Progress = new Telling(sent => task.Value = sent) });
        });
    }

    /// <summary>At once, in contrast to <see cref="Progress{T}"/>.</summary>
    private sealed class Telling(Action<long> tell) : IProgress<long>
    {
        public void Report(long value) => tell(value);
    }
}
