using System.Collections.Concurrent;
using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>
/// The registry's content in memory, so that resolving a name costs two look-ups.
/// <b>Semantics</b>: of two states of one name the later one stays, in whatever order they come.
/// <b>Effects</b>: any thread; a name changes atomically for readers.
/// </summary>
internal sealed class CatalogSnapshot(CatalogRules rules)
{
    private ConcurrentDictionary<string, TenantEntries> _tenants = new(StringComparer.Ordinal);

    /// <summary>What the rows mean on this server.</summary>
    public CatalogRules Rules { get; } = rules;

    /// <summary>Whose content this is.</summary>
    public string Registry { get; private set; } = string.Empty;

    /// <summary>Every change up to this one is in the snapshot. Of some later ones too: those made here.</summary>
    public long Revision { get; private set; }

    public AdapterEntry? Find(string tenant, string name) => _tenants.TryGetValue(tenant, out var entries) && entries.Find(name) is { IsThere: true } entry ? entry : null;

    /// <summary>Deleted ones that can be restored, by name.</summary>
    public IEnumerable<AdapterEntry> DeletedOf(string tenant) => _tenants.TryGetValue(tenant, out var entries) ? entries.Deleted : [];

    /// <summary>Every adapter of every tenant.</summary>
    public IEnumerable<AdapterEntry> All => _tenants.Values.SelectMany(entries => entries.All);

    /// <summary>Something was applied. Handlers return at once.</summary>
    public event Action? Changed;

    /// <summary>By name.</summary>
    public IReadOnlyList<AdapterEntry> Of(string tenant) => _tenants.TryGetValue(tenant, out var entries) ? entries.All : [];

    /// <summary>Of every version that is there.</summary>
    public HashSet<string> Digests() => [.. All.SelectMany(entry => entry.Versions.Values).Select(version => version.Version.Digest)];

    /// <summary>Takes in what was read; one caller at a time. The content of another registry replaces everything.</summary>
    public void Apply(RegistryContent content)
    {
        if (content.Registry != Registry || content.Revision < Revision)
        {
            _tenants = new ConcurrentDictionary<string, TenantEntries>(StringComparer.Ordinal);
        }

        foreach (var rows in content.Adapters)
        {
            Put(AdapterEntry.From(rows, Rules));
        }

        var isNew = content.Revision != Revision;
        (Registry, Revision) = (content.Registry, content.Revision);
        if (isNew)
        {
            Changed?.Invoke();
        }
    }

    public void Apply(AdapterEntry entry)
    {
        Put(entry);
        Changed?.Invoke();
    }

    private void Put(AdapterEntry entry) => _tenants.GetOrAdd(entry.Tenant, static _ => new TenantEntries()).Apply(entry);
}
