using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>Changes of names: decided on what the registry has now, not on what the snapshot had, and in the snapshot when they return.</summary>
internal sealed class CatalogWriter(AdapterRegistry registry, CatalogSnapshot snapshot, string baseFingerprint)
{
    /// <param name="tenant">Whose adapter.</param>
    /// <param name="name">Its name.</param>
    /// <param name="change">Decides and writes, given what there is: null for no such adapter. May be called twice.</param>
    /// <param name="cancellationToken">Gives up before anything has happened.</param>
    /// <returns>What there is afterwards.</returns>
    public async Task<AdapterEntry> ChangeAsync(string tenant, string name, Func<AdapterChange, AdapterEntry?, Task> change, CancellationToken cancellationToken)
    {
        var rows = await registry.ChangeAsync(tenant, name, DecideAsync, cancellationToken).ConfigureAwait(false);
        var after = AdapterEntry.From(rows ?? throw new InvalidOperationException("A change left no row of its name."), baseFingerprint);
        snapshot.Apply(after);
        return after;

        Task DecideAsync(AdapterChange transaction)
        {
            var before = transaction.Before is { } known ? AdapterEntry.From(known, baseFingerprint) : null;
            return change(transaction, before is { IsThere: true } ? before : null);
        }
    }
}
