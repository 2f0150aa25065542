using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Quotas;

/// <summary>A server for tests that limit its one tenant.</summary>
public sealed class QuotaServer : IAsyncLifetime
{
    private ServerProcess? _server;

    internal ServerProcess Server => _server ?? throw new InvalidOperationException("The server was not started.");

    public async ValueTask InitializeAsync() => _server = await ServerProcess.StartAsync(["--no-demo", "--tenant-sequences", "50"]);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
