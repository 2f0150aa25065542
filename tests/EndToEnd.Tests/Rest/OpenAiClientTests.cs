using System.Diagnostics;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>The official OpenAI client from npm, as it is.</summary>
[Collection(SharedServerTests.Name)]
public sealed class OpenAiClientTests(SharedServer shared)
{
    [Fact]
    public async Task The_official_client_works_unmodified()
    {
        var folder = Path.Combine(Repository.Root, "artifacts", "openai-client");
        var source = Path.Combine(Repository.Root, "tests", "EndToEnd.Tests", "clients", "openai");
        Directory.CreateDirectory(folder);
        var installed = Path.Combine(folder, "installed-package-lock.json");
        foreach (var path in Directory.GetFiles(source))
        {
            File.Copy(path, Path.Combine(folder, Path.GetFileName(path)), overwrite: true);
        }

        var wanted = Path.Combine(source, "package-lock.json");
        if (!File.Exists(installed) || !File.ReadAllBytes(installed).SequenceEqual(File.ReadAllBytes(wanted)))
        {
            await RunAsync(folder, "npm", ["ci", "--no-audit", "--no-fund"]);
            File.Copy(wanted, installed, overwrite: true);
        }

        Assert.Equal("ok", (await RunAsync(folder, "node", ["client.mjs", shared.Server.Address.GetLeftPart(UriPartial.Authority)])).Trim());
    }

    private static async Task<string> RunAsync(string folder, string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await errors}{await output}");
        return await output;
    }
}
