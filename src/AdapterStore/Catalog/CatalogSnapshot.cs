using System.Collections.Concurrent;
using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>
/// The registry's content in memory, so that resolving a name costs two look-ups.
/// <b>Effects</b>: any thread reads; the holder of the change gate refreshes one adapter at a time, atomically for readers.
/// </summary>
internal sealed class CatalogSnapshot
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, AdapterEntry>> _tenants = new(StringComparer.Ordinal);
    private readonly CatalogRules _rules;

    public CatalogSnapshot(AdapterRegistry registry, CatalogRules rules)
    {
        _rules = rules;
        var aliases = registry.ReadAliases().ToLookup(alias => (alias.Tenant, alias.Name));
        foreach (var rows in registry.ReadVersions().GroupBy(row => (row.Tenant, row.Name)))
        {
            Store(rows.Key.Tenant, rows.Key.Name, AdapterEntry.From(rows.Key.Tenant, rows.Key.Name, [.. rows], [.. aliases[rows.Key]], _rules));
        }
    }

    public AdapterEntry? Find(string tenant, string name) =>
        _tenants.TryGetValue(tenant, out var entries) && entries.TryGetValue(name, out var entry) ? entry : null;

    public IEnumerable<AdapterEntry> Of(string tenant) => _tenants.TryGetValue(tenant, out var entries) ? entries.Values : [];

    public HashSet<string> Digests() =>
        [.. _tenants.Values.SelectMany(entries => entries.Values).SelectMany(entry => entry.Versions.Values).Select(version => version.Version.Digest)];

    public AdapterEntry? Refresh(string tenant, string name, AdapterRegistry registry)
    {
        var entry = AdapterEntry.From(tenant, name, registry.ReadVersions(tenant, name), registry.ReadAliases(tenant, name), _rules);
        Store(tenant, name, entry);
        return entry;
    }

    private void Store(string tenant, string name, AdapterEntry? entry)
    {
        var entries = _tenants.GetOrAdd(tenant, static _ => new ConcurrentDictionary<string, AdapterEntry>(StringComparer.Ordinal));
        if (entry is null)
        {
            entries.TryRemove(name, out _);
        }
        else
        {
            entries[name] = entry;
        }
    }
}
