using System.Diagnostics;
using System.Globalization;

namespace AdapterServe.Tests.S3;

/// <summary>
/// An S3 server, s3rver from npm, in a folder of its own on a free port of the loopback interface, with a bucket <c>adapters</c>. Started at first
/// use; gone with its data at disposal, and when the tests die.
/// </summary>
public sealed class S3Server : IDisposable
{
    /// <summary>The only key that it knows, and its secret.</summary>
    public const string Key = "S3RVER";

    private readonly Lock _gate = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("adapterserve-s3-").FullName;
    private Process? _process;
    private int _port;

    public int Port
    {
        get
        {
            lock (_gate)
            {
                return _process is null ? Start() : _port;
            }
        }
    }

    public Uri Endpoint => new($"http://127.0.0.1:{Port}");

    /// <summary>An address under which nobody else stores anything.</summary>
    public static string NewAddress() => $"s3://adapters/t{Guid.NewGuid():N}";

    public void Dispose()
    {
        _process?.StandardInput.Close();
        _process?.WaitForExit();
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private int Start()
    {
        var program = Install();
        _process = Process.Start(new ProcessStartInfo("node", [Path.Combine(program, "server.mjs"), _folder]) { WorkingDirectory = program, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The S3 server did not start.");
        return _port = int.Parse(line, CultureInfo.InvariantCulture);
    }

    /// <summary>The npm packages of the lock file beside this; fetched when that changes.</summary>
    private static string Install()
    {
        var source = Path.Combine(SourceTree.Root, "tests", "Shared", "S3");
        var folder = Path.Combine(SourceTree.Root, "artifacts", "s3-server");
        Directory.CreateDirectory(folder);
        foreach (var name in new[] { "package.json", "package-lock.json", "server.mjs" })
        {
            File.Copy(Path.Combine(source, name), Path.Combine(folder, name), overwrite: true);
        }

        var wanted = Path.Combine(source, "package-lock.json");
        var installed = Path.Combine(folder, "installed-package-lock.json");
        if (!File.Exists(installed) || !File.ReadAllBytes(installed).SequenceEqual(File.ReadAllBytes(wanted)))
        {
            using var npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]) { WorkingDirectory = folder })!;
            npm.WaitForExit();
            Assert.True(npm.ExitCode == 0, "npm could not install the S3 server, which these tests can't do without.");
            File.Copy(wanted, installed, overwrite: true);
        }

        return folder;
    }
}
