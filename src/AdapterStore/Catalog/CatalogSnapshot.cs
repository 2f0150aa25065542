using System.Collections.Concurrent;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Tenants;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>
/// The registry's content in memory, so that resolving a name costs two look-ups.
/// <b>Semantics</b>: of two states of one name the later one stays, in whatever order they come.
/// <b>Effects</b>: any thread; a name changes atomically for readers.
/// </summary>
internal sealed class CatalogSnapshot(CatalogRules rules, TenantProfiles tenants)
{
    private ConcurrentDictionary<string, TenantEntries> _tenants = new(StringComparer.Ordinal);

    /// <summary>What the rows mean on this server.</summary>
    public CatalogRules Rules { get; } = rules;

    /// <summary>What is set for tenants.</summary>
    public TenantProfiles Tenants { get; } = tenants;

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

    public TenantUse UseOf(string tenant) => _tenants.TryGetValue(tenant, out var entries) ? new TenantUse(entries.All.Count, entries.StoredBytes) : default;

    /// <summary>Whether a version of the name, be it deleted, has a content.</summary>
    public bool IsStored(string tenant, string name, string digest) =>
        _tenants.TryGetValue(tenant, out var entries) && entries.Find(name) is { } entry && entry.Versions.Values.Concat(entry.Deleted.Values).Any(version => version.Version.Digest == digest);

    /// <summary>Of every version that is there.</summary>
    public HashSet<string> Digests() => [.. All.SelectMany(entry => entry.Versions.Values).Select(version => version.Version.Digest)];

    /// <summary>Takes in what was read; one caller at a time. The content of another registry replaces everything.</summary>
    public void Apply(RegistryContent content)
    {
        if (content.Registry != Registry || content.Revision < Revision)
        {
            _tenants = new ConcurrentDictionary<string, TenantEntries>(StringComparer.Ordinal);
            Tenants.Clear();
        }

        foreach (var row in content.Tenants)
        {
            Tenants.Apply(row);
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

    public TenantProfile Apply(TenantRow row)
    {
        var profile = Tenants.Apply(row);
        Changed?.Invoke();
        return profile;
    }

    public void Apply(AdapterEntry entry)
    {
        Put(entry);
        Changed?.Invoke();
    }

    private void Put(AdapterEntry entry) => _tenants.GetOrAdd(entry.Tenant, static _ => new TenantEntries()).Apply(entry);
}
