namespace AdapterServe.EndToEnd.Tests.Support;

/// <summary>One server with the demo for all tests that leave it as it was.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    private ServerProcess? _server;

    internal ServerProcess Server => _server ?? throw new InvalidOperationException("The server was not started.");

    internal HttpClient Client => Server.Client;

    public async ValueTask InitializeAsync() => _server = await ServerProcess.StartAsync([]);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
