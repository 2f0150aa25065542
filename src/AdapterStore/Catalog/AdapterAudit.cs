using System.Runtime.CompilerServices;
using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>
/// What was done to a tenant's adapters, from the first change on, and as it happens.
/// <b>Effects</b>: any thread. <b>Errors</b>: Unavailable when the registry's database is away.
/// </summary>
public sealed class AdapterAudit
{
    private const int Batch = 256;

    private readonly StoreCore _core;

    internal AdapterAudit(StoreCore core) => _core = core;

    /// <summary>A part of the log, oldest first.</summary>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(AuditQuery query, CancellationToken cancellationToken) =>
        await _core.Registry.ReadAuditAsync(query, cancellationToken).ConfigureAwait(false);

    /// <summary>The number of the last change of all.</summary>
    public Task<long> LastRevisionAsync(CancellationToken cancellationToken) => _core.Registry.ReadRevisionAsync(cancellationToken);

    /// <summary>The tenant's changes after a number, as they happen, without end; null when nothing has happened for a while.</summary>
    public async IAsyncEnumerable<AuditEntry?> FollowAsync(string tenant, long after, TimeSpan heartbeat, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var changed = new WakeUp();
        _core.Snapshot.Changed += changed.Call;
        try
        {
            while (true)
            {
                var entries = await ReadAsync(new AuditQuery(tenant, after, Batch) { ChangesOnly = true }, cancellationToken).ConfigureAwait(false);
                foreach (var entry in entries)
                {
                    after = entry.Revision;
                    yield return entry;
                }

                if (entries.Count == 0 && !await HappensAsync(changed, heartbeat, cancellationToken).ConfigureAwait(false))
                {
                    yield return null;
                }
            }
        }
        finally
        {
            _core.Snapshot.Changed -= changed.Call;
        }
    }

    private static async Task<bool> HappensAsync(WakeUp changed, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            await changed.WaitAsync(timeout.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
