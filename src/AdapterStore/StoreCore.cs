using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Cache;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Computed;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Signatures;
using AdapterServe.AdapterStore.Tenants;

namespace AdapterServe.AdapterStore;

/// <summary>
/// The parts that uploads and the catalog share.
/// </summary>
internal sealed class StoreCore(
    AdapterStoreOptions options, BaseModel baseModel, IBlobStore blobs, AdapterRegistry registry, CatalogSnapshot snapshot, CatalogFeed feed, LoadFailures failures,
    AdapterLoader loader, AdapterCache cache, ComputedStore computed, IAdapterText? text) : IDisposable
{
    private readonly SemaphoreSlim _verifications = new(options.MaxConcurrentVerifications);

    public AdapterStoreOptions Options { get; } = options;

    public BaseModel BaseModel { get; } = baseModel;

    public SignatureRules Signatures { get; } = new(options);

    public IBlobStore Blobs { get; } = blobs;

    public AdapterRegistry Registry { get; } = registry;

    public CatalogSnapshot Snapshot { get; } = snapshot;

    public CatalogFeed Feed { get; } = feed;

    public CatalogWriter Writer { get; } = new(registry, snapshot);

    public TenantQuotas Quotas { get; } = new(snapshot);

    public AdapterLoader Loader { get; } = loader;

    public AdapterCache Cache { get; } = cache;

    /// <summary>Null where nobody looks at what adapters' folders say about text.</summary>
    public IAdapterText? Text { get; } = text;

    /// <summary>Waits for one of the places for uploads under verification, which bounds the memory that they take.</summary>
    public Task<IDisposable> EnterVerificationAsync(CancellationToken cancellationToken) => EnterAsync(_verifications, cancellationToken);

    /// <summary>
    /// Frees what a content holds on disk and, once no request uses it, in memory, unless some version names it or an upload is about to.
    /// Done on the way out of something else: where it fails, the next collection does it.
    /// </summary>
    public async Task RemoveUnreferencedAsync(string digest, string ownClaim = BlobClaims.NoClaim)
    {
        try
        {
            if (await Registry.Claims.CollectAsync(digest, ownClaim, () => Blobs.RemoveAsync(digest), CancellationToken.None).ConfigureAwait(false))
            {
                computed.Remove(digest);
                Cache.UnloadContent(digest);
            }
        }
        catch (Exception error) when (error is AdapterStoreException or IOException or UnauthorizedAccessException)
        {
            // What remains is named by nothing.
        }
    }

    /// <summary>Removes contents that no version names and no upload is about to.</summary>
    /// <param name="isAlone">Nobody else uses the registry, so that every claim is a dead one's.</param>
    /// <param name="cancellationToken">Gives up between two contents.</param>
    public async Task CollectAsync(bool isAlone, CancellationToken cancellationToken)
    {
        var stored = await Blobs.ListAsync(cancellationToken).ConfigureAwait(false);
        foreach (var digest in stored.Except(Snapshot.Digests()).Union(await Registry.Claims.FindAsync(cancellationToken).ConfigureAwait(false)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await RemoveUnreferencedAsync(digest, isAlone ? BlobClaims.AnyClaim : BlobClaims.NoClaim).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        failures.Dispose();
        Feed.Dispose();
        Registry.Dispose();
        Cache.Dispose();
        _verifications.Dispose();
        (Blobs as IDisposable)?.Dispose();
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
