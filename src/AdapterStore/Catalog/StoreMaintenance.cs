using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>Once a minute: purges what was deleted long enough ago and collects files that nothing names.</summary>
internal sealed class StoreMaintenance : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly StoreCore _core;
    private readonly TimeProvider _time;

    public StoreMaintenance(StoreCore core, TimeProvider time)
    {
        (_core, _time) = (core, time);
        _ = Task.Run(RunAsync);
    }

    public void Dispose() => _stop.Cancel();

    /// <summary>One round.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var until = _time.GetUtcNow() - _core.Options.DeletedRetention;
        foreach (var (tenant, name) in await _core.Registry.FindDeletedAsync(until, cancellationToken).ConfigureAwait(false))
        {
            await _core.Writer.ChangeAsync(new Caller(tenant) { Actor = AuditEntry.Server }, name, "purge", PurgeAsync, cancellationToken).ConfigureAwait(false);
        }

        foreach (var digest in await _core.Registry.Claims.FindAsync(cancellationToken).ConfigureAwait(false))
        {
            await _core.RemoveUnreferencedAsync(digest).ConfigureAwait(false);
        }

        async Task<ChangedVersion> PurgeAsync(AdapterChange change, AdapterEntry? entry)
        {
            await change.PurgeAsync(RegistryTime.Format(until)).ConfigureAwait(false);
            return new ChangedVersion(entry?.CurrentNumber, null);
        }
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        while (true)
        {
            try
            {
                await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false);
                await RunOnceAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is AdapterStoreException or IOException or UnauthorizedAccessException)
            {
                // The next round does it.
            }
        }
    }
}
