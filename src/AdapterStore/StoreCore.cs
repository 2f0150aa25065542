using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Cache;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Computed;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore;

/// <summary>
/// The parts that uploads and the catalog share, and the gate that lets one change in at a time.
/// </summary>
internal sealed class StoreCore(
    AdapterStoreOptions options, BaseModel baseModel, BlobStore blobs, AdapterRegistry registry, CatalogSnapshot snapshot, AdapterLoader loader, AdapterCache cache, ComputedStore computed, IAdapterText? text) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SemaphoreSlim _verifications = new(options.MaxConcurrentVerifications);

    public AdapterStoreOptions Options { get; } = options;

    public BaseModel BaseModel { get; } = baseModel;

    public BlobStore Blobs { get; } = blobs;

    public AdapterRegistry Registry { get; } = registry;

    public CatalogSnapshot Snapshot { get; } = snapshot;

    public AdapterLoader Loader { get; } = loader;

    public AdapterCache Cache { get; } = cache;

    /// <summary>Null where nobody looks at what adapters' folders say about text.</summary>
    public IAdapterText? Text { get; } = text;

    /// <summary>Waits for the right to change the registry and the blobs; dispose the result to give it back.</summary>
    public Task<IDisposable> EnterAsync(CancellationToken cancellationToken) => EnterAsync(_gate, cancellationToken);

    /// <summary>Waits for one of the places for uploads under verification, which bounds the memory that they take.</summary>
    public Task<IDisposable> EnterVerificationAsync(CancellationToken cancellationToken) => EnterAsync(_verifications, cancellationToken);

    /// <summary>Frees what a content holds on disk and, once no request uses it, in memory, unless some version still names it.</summary>
    public void RemoveUnreferenced(string digest)
    {
        if (!Registry.IsReferenced(digest))
        {
            Blobs.Remove(digest);
            computed.Remove(digest);
            Cache.UnloadContent(digest);
        }
    }

    public void Dispose()
    {
        Registry.Dispose();
        Cache.Dispose();
        _gate.Dispose();
        _verifications.Dispose();
    }

    private static async Task<IDisposable> EnterAsync(SemaphoreSlim semaphore, CancellationToken cancellationToken)
    {
        await semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Exit(semaphore);
    }

    private sealed class Exit(SemaphoreSlim semaphore) : IDisposable
    {
        private SemaphoreSlim? _semaphore = semaphore;

        public void Dispose() => Interlocked.Exchange(ref _semaphore, null)?.Release();
    }
}
