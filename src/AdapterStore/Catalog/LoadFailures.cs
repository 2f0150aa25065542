using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>Puts contents that can't be loaded into quarantine, so that requests are told at once rather than load them in vain again and again.</summary>
internal sealed class LoadFailures(AdapterRegistry registry, CatalogFeed feed, bool hasAllFiles) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private bool _isClosed;

    /// <summary>Runs a load. What its files are to blame for is recorded behind its back; what has other reasons, such as too little memory here, is not.</summary>
    public T Watch<T>(string digest, TimeProvider time, Func<T> load)
    {
        var started = time.GetUtcNow();
        try
        {
            return load();
        }
        catch (AdapterStoreException failure) when (failure.Kind is AdapterErrorKind.Malformed or AdapterErrorKind.Unservable || (failure.Kind == AdapterErrorKind.NotFound && hasAllFiles))
        {
            _ = Task.Run(() => QuarantineAsync(digest, failure.Message, started));
            throw;
        }
    }

    /// <summary>Waits for a record that is being written: behind this the registry's files are touched no more.</summary>
    public void Dispose()
    {
        _turn.Wait();
        _isClosed = true;
        _turn.Release();
    }

    private async Task QuarantineAsync(string digest, string reason, DateTimeOffset started)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!_isClosed && await registry.QuarantineAsync(digest, reason, started, CancellationToken.None).ConfigureAwait(false))
            {
                await feed.CatchUpAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is AdapterStoreException or ObjectDisposedException)
        {
            // Then the next failing load does it.
        }
        finally
        {
            _turn.Release();
        }
    }
}
