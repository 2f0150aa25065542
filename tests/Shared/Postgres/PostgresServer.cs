using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace AdapterServe.Tests.Postgres;

/// <summary>
/// A PostgreSQL server of Debian's package in a folder of its own, on a free port of the loopback interface. Started at first use; gone with its data at disposal, and when the tests die.
/// </summary>
public sealed class PostgresServer : IDisposable
{
    private const string Database = "postgres";

    private readonly Lock _gate = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("adapterserve-postgres-").FullName;
    private int _port;
    private Process? _process;

    /// <summary>A connection string to a schema that nobody else uses.</summary>
    public string NewRegistry()
    {
        Start();
        var schema = "t" + Guid.NewGuid().ToString("N");
        Query($"CREATE SCHEMA {schema}");
        return $"Host=127.0.0.1;Port={_port};Database={Database};Username=postgres;Search Path={schema}";
    }

    /// <summary>Does nothing while it runs.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_process is not null)
            {
                return;
            }

            if (_port == 0)
            {
                Initialise();
            }

            // The shell ends the server when its input ends, which it also does when the tests are killed.
            var script = $"\"$@\" & server=$!; cat > /dev/null; kill -INT $server; wait $server";
            _process = Process.Start(AsOther("sh", "-c", script, "sh", Program("postgres"), "-D", Data, "-p", $"{_port}", "-c", "listen_addresses=127.0.0.1",
                "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200"))!;
            _process.OutputDataReceived += (_, _) => { };
            _process.ErrorDataReceived += (_, _) => { };
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
            WaitUntilReady();
        }
    }

    /// <summary>Ends every connection and the server.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _process?.StandardInput.Close();
            _process?.WaitForExit();
            _process?.Dispose();
            _process = null;
        }
    }

    public void Dispose()
    {
        Stop();
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Runs a statement as the superuser; its output without headings.</summary>
    public string Query(string statement) => Run(new ProcessStartInfo(
        Program("psql"), ["-h", "127.0.0.1", "-p", $"{_port}", "-U", "postgres", "-d", Database, "-v", "ON_ERROR_STOP=1", "-AtX", "-c", statement]));

    private static string Program(string name)
    {
        var folders = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal).Select(folder => Path.Combine(folder, "bin")) : [];
        return folders.Concat(Environment.GetEnvironmentVariable("PATH")!.Split(':')).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException($"There is no {name}, which these tests can't do without; install PostgreSQL (on Debian the package postgresql).");
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static ProcessStartInfo AsOther(params string[] command)
    {
        string[] whole = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", .. command] : command;
        return new ProcessStartInfo(whole[0], whole[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
    }

    private static string Run(ProcessStartInfo start)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{start.FileName} failed: {errors.GetAwaiter().GetResult()}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Initialise()
    {
        if (Environment.IsPrivilegedProcess)
        {
            Run(new ProcessStartInfo("chown", ["nobody:nogroup", _folder]));
        }

        Run(AsOther(Program("initdb"), "-D", Data, "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"));
        _port = FreePort();
    }

    private void WaitUntilReady()
    {
        var until = TimeSpan.FromSeconds(60);
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                Query("SELECT 1");
                return;
            }
            catch (InvalidOperationException) when (clock.Elapsed < until && !_process!.HasExited)
            {
                // Not yet; psql itself takes long enough to be no busy loop.
            }
        }
    }
}
