using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>
/// Brings the snapshot up to the registry's last change.
/// <b>Effects</b>: any thread; callers that come together share one look at the database.
/// <b>Errors</b>: those of the registry.
/// </summary>
internal sealed class CatalogFeed(AdapterRegistry registry, CatalogSnapshot snapshot) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _callers;
    private long _served;

    /// <summary>When this returns the snapshot has every change that ended before the call.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        var caller = Interlocked.Increment(ref _callers);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_served >= caller)
            {
                return;
            }

            var served = Volatile.Read(ref _callers);
            snapshot.Apply(await registry.ReadSinceAsync(snapshot.Registry, snapshot.Revision, cancellationToken).ConfigureAwait(false));
            _served = served;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
