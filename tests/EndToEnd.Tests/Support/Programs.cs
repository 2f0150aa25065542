using System.Diagnostics;

namespace AdapterServe.EndToEnd.Tests.Support;

/// <summary>Other people's programs that the tests run.</summary>
internal static class Programs
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>The folder of a client's sources.</summary>
    public static string Clients(string name) => Path.Combine(Repository.Root, "tests", "EndToEnd.Tests", "clients", name);

    /// <summary>What a program prints. <b>Errors</b>: fails the test unless it ends with 0.</summary>
    public static async Task<string> RunAsync(string folder, string program, string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await errors}{await output}");
        return await output;
    }

    /// <summary>A folder with a client's sources and its npm packages, exactly those of its lock file; they are fetched when that changes.</summary>
    public static async Task<string> InstallFromNpmAsync(string name)
    {
        var folder = Path.Combine(Repository.Root, "artifacts", name + "-client");
        Directory.CreateDirectory(folder);
        foreach (var path in Directory.GetFiles(Clients(name)))
        {
            File.Copy(path, Path.Combine(folder, Path.GetFileName(path)), overwrite: true);
        }

        var installed = Path.Combine(folder, "installed-package-lock.json");
        var wanted = Path.Combine(Clients(name), "package-lock.json");
        if (!File.Exists(installed) || !File.ReadAllBytes(installed).SequenceEqual(File.ReadAllBytes(wanted)))
        {
            await RunAsync(folder, "npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
            File.Copy(wanted, installed, overwrite: true);
        }

        return folder;
    }
}
