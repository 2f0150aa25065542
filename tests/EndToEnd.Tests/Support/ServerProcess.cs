using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace AdapterServe.EndToEnd.Tests.Support;

/// <summary>
/// The real server in a process of its own, on a free port and, unless told otherwise, a data folder of its own, which goes with it.
/// </summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string? _ownData;

    private ServerProcess(Process process, string? ownData)
    {
        _process = process;
        _ownData = ownData;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.Exited += (_, _) => Fail();
    }

    public HttpClient Client { get; private set; } = new();

    public Uri Address => Client.BaseAddress ?? throw new InvalidOperationException("The server is not listening yet.");

    /// <summary>Where gRPC and HTTP/2 without TLS are.</summary>
    public Uri GrpcAddress { get; private set; } = new("http://127.0.0.1");

    public int ProcessId => _process.Id;

    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts a server and waits until it listens, or until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(string[] arguments, string? data = null, IReadOnlyDictionary<string, string>? environment = null, bool waitForReady = true)
    {
        var server = Launch(arguments, data, environment);
        try
        {
            var address = await server._listening.Task.WaitAsync(Tolerances.Ready, TestContext.Current.CancellationToken);
            // Disposing an unfinished answer closes the connection at once, as a client that goes away does.
            var handler = new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero, SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=localhost" } };
            server.Client = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
            if (waitForReady)
            {
                await server._ready.Task.WaitAsync(Tolerances.Ready, TestContext.Current.CancellationToken);
            }

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a server that is expected to end by itself.</summary>
    public static async Task<(int ExitCode, string Log)> RunAsync(string[] arguments, string? data = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using var server = Launch(arguments, data, environment);
        await server.ExitAsync(Tolerances.Ready);
        return (server._process.ExitCode, server.Log);
    }

    /// <summary>Asks for a graceful stop, as a service manager does.</summary>
    public void Terminate() => Signal("-TERM");

    /// <summary>Ends it at once, as a crash does.</summary>
    public void Kill() => _process.Kill();

    public async Task<int> ExitAsync(TimeSpan limit)
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
        if (_ownData is not null)
        {
            Directory.Delete(_ownData, recursive: true);
        }
    }

    private static ServerProcess Launch(string[] arguments, string? data, IReadOnlyDictionary<string, string>? environment)
    {
        var own = data is null ? Directory.CreateTempSubdirectory("adapterserve-e2e-").FullName : null;
        var start = new ProcessStartInfo("dotnet", [Repository.Server, "--port", "0", "--data", data ?? own!, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(new Process { StartInfo = start, EnableRaisingEvents = true }, own);
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            _log.AppendLine(line);
        }

        // Logged before the other address.
        if (GrpcPattern().Match(line) is { Success: true } grpc)
        {
            GrpcAddress = new Uri(grpc.Groups[1].Value);
        }

        if (ListeningPattern().Match(line) is { Success: true } match)
        {
            _listening.TrySetResult(new Uri(match.Groups[1].Value));
        }

        if (line.Contains("Ready: ", StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }

    private void Fail()
    {
        var failure = new InvalidOperationException($"The server ended: {Log}");
        _listening.TrySetException(failure);
        _ready.TrySetException(failure);
    }

    [GeneratedRegex("Listening at (https?://\\S+)")]
    private static partial Regex ListeningPattern();

    [GeneratedRegex("Listening for gRPC at (https?://\\S+)")]
    private static partial Regex GrpcPattern();
}
