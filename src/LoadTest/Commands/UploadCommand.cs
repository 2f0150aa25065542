using System.CommandLine;
using AdapterServe.LoadTest.Setup;
using AdapterServe.LoadTest.Uploading;
using Spectre.Console;

namespace AdapterServe.LoadTest.Commands;

/// <summary><c>upload URL DIR</c>: puts adapters on an AdapterServe server.</summary>
internal sealed class UploadCommand
{
    private readonly Argument<string> _url = new("url") { Description = "The server, e.g. http://127.0.0.1:8080" };
    private readonly Argument<string> _folder = new("dir") { Description = "A folder of adapters' folders, or one adapter's folder" };
    private readonly Option<int?> _parallel = Numbers.With<int>("--parallel", "Uploads at a time", 4);
    private readonly Option<bool> _replace = new("--replace") { Description = "Also those whose names the server has already" };
    private readonly Option<string?> _apiKey = Words.Optional("--api-key", $"The tenant's key; {LoadOptionSet.KeyVariable} in the environment");

    public Command Build()
    {
        var command = new Command("upload", "Uploads adapters; those that the server has by name are left alone.")
        {
            _url, _folder, _parallel, _replace, _apiKey,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var arguments = new LoadArguments
        {
            Url = LoadOptionSet.ParseUrl(parsed.GetValue(_url)!),
            ApiKey = parsed.GetValue(_apiKey) ?? Environment.GetEnvironmentVariable(LoadOptionSet.KeyVariable),
        };
        var adapters = AdapterUploader.Find(parsed.GetValue(_folder)!);
        var parallel = LoadOptionSet.AtLeast("--parallel", 1, parsed.GetValue(_parallel)!.Value)!.Value;
        using var server = new ServerConnection(arguments);
        var client = server.ClientOf(null);
        var present = parsed.GetValue(_replace)
            ? []
            : (await server.ListAsync(client, cancellation)).Select(model => model.Id).ToHashSet(StringComparer.Ordinal);
        var uploader = new AdapterUploader(client, TimeProvider.System);
        var result = Terminals.Error.Profile.Capabilities.Interactive
            ? await Terminals.Error.Progress().StartAsync(progress =>
            {
                var task = progress.AddTask("uploading", maxValue: adapters.Count);
                return uploader.RunAsync(adapters, present, parallel, (name, error) => Tell(task, name, error), cancellation);
            })
            : await uploader.RunAsync(adapters, present, parallel, (name, error) => Tell(null, name, error), cancellation);
        Console.WriteLine($"{result.Uploaded} uploaded, {result.Skipped} were there, {result.Failed} refused");
        return result.Failed == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static void Tell(ProgressTask? task, string name, string? error)
    {
        task?.Increment(1);
        if (error is not null)
        {
            Console.Error.WriteLine($"{name}: {error}");
        }
    }
}
