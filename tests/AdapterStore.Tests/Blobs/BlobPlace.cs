using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Tests.S3;

namespace AdapterServe.AdapterStore.Tests.Blobs;

/// <summary>Somewhere that servers share files, and the registry that goes with it.</summary>
public abstract class BlobPlace : IDisposable
{
    private readonly List<TestFolder> _servers = [];

    protected TestFolder Shared { get; } = new();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected abstract string Address { get; }

    protected virtual S3Settings S3 => new();

    public void Dispose()
    {
        DisposeServers();
        foreach (var server in _servers)
        {
            server.Dispose();
        }

        Shared.Dispose();
        GC.SuppressFinalize(this);
    }

    protected virtual void DisposeServers()
    {
    }

    protected TestFolder NewServer()
    {
        var server = new TestFolder();
        _servers.Add(server);
        return server;
    }

    protected AdapterStorage Open(TestFolder? server = null, long blobCacheBytes = 1 << 28) => AdapterStorage.Open(
        new AdapterStoreOptions
        {
            DataDirectory = (server ?? NewServer()).Data,
            Registry = Path.Combine(Shared.Path, "registry.db"),
            Blobs = Address,
            S3 = S3,
            BlobCacheBytes = blobCacheBytes,
            MaxUploadBytes = 1 << 28,
            DeletedRetention = TimeSpan.Zero,
        },
        Bases.Small);

    internal static Dictionary<string, byte[]> Files(int seed) => new SmallLora(seed).Files();

    protected static async Task LoadsAsync(AdapterStorage storage, string reference)
    {
        await storage.Catalog.TryCatchUpAsync(Cancellation);
        var version = storage.Catalog.Resolve("acme", reference);
        storage.Cache.Unload(version.WeightsDigest);
        using var lease = await storage.Cache.AcquireAsync(version, Cancellation);
        Assert.Equal(version.Digest, lease.Weights.Digest);
    }
}

/// <summary>A folder.</summary>
public sealed class FolderBlobTests : BlobStoreTests
{
    protected override string Address => Path.Combine(Shared.Path, "blobs");
}

/// <summary>A bucket.</summary>
public sealed class S3BlobTests(S3Server server) : BlobStoreTests
{
    protected override string Address { get; } = S3Server.NewAddress();

    protected override S3Settings S3 { get; } = S3Tests.Settings(server.Endpoint);
}
