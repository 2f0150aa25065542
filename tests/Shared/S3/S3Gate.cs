using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AdapterServe.Tests.S3;

/// <summary>A way to a server that a test can obstruct.</summary>
public sealed class S3Gate : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _port;
    private readonly ConcurrentQueue<string> _requests = new();
    private volatile State _state = State.Of(GateMode.Open);

    public S3Gate(S3Server server)
    {
        _port = server.Port;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The first lines of those that went through.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    public Uri Endpoint => new($"http://{_listener.LocalEndpoint}");

    /// <summary>Holds from now on, also for what is under way.</summary>
    public void Set(GateMode mode)
    {
        var before = _state;
        _state = State.Of(mode);
        before.Ended.TrySetResult();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
            catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _port, _stop.Token);
            await Task.WhenAny(PumpAsync(near.GetStream(), far.GetStream(), near.GetStream()), PumpAsync(far.GetStream(), near.GetStream(), near.GetStream()));
        }
        catch (Exception end) when (end is OperationCanceledException or IOException or SocketException)
        {
            // Either side left.
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, NetworkStream client)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, _stop.Token) is var read and > 0)
            {
                while (_state is { Mode: GateMode.Stalling } stalled)
                {
                    await stalled.Ended.Task.WaitAsync(_stop.Token);
                }

                if (_state.Mode == GateMode.Failing)
                {
                    await client.WriteAsync("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), _stop.Token);
                    return;
                }

                if (from == client && buffer.AsSpan().IndexOf("\r\n"u8) is var end and > 0 && buffer.AsSpan(0, end).EndsWith(" HTTP/1.1"u8))
                {
                    _requests.Enqueue(Encoding.ASCII.GetString(buffer, 0, end));
                }

                await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // Either side left.
        }
    }

    private sealed record State(GateMode Mode, TaskCompletionSource Ended)
    {
        public static State Of(GateMode mode) => new(mode, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}

/// <summary>What happens on the way.</summary>
public enum GateMode
{
    /// <summary>Everything gets through.</summary>
    Open,

    /// <summary>Requests are answered 503.</summary>
    Failing,

    /// <summary>Connections are taken, and then nothing comes.</summary>
    Stalling,
}
