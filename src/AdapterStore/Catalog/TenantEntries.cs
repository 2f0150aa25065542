using System.Collections.Concurrent;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>One tenant's adapters. <b>Effects</b>: any thread; the sorted list is made again at the first look after a change.</summary>
internal sealed class TenantEntries
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, AdapterEntry> _entries = new(StringComparer.Ordinal);
    private AdapterEntry[]? _sorted;

    public IReadOnlyList<AdapterEntry> All
    {
        get
        {
            if (Volatile.Read(ref _sorted) is { } known)
            {
                return known;
            }

            lock (_gate)
            {
                return _sorted ??= [.. _entries.Values.Where(entry => entry.IsThere).OrderBy(entry => entry.Name, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Those that were deleted and can be restored, by name.</summary>
    public IEnumerable<AdapterEntry> Deleted => _entries.Values.Where(entry => entry is { IsThere: false, DeletedAt: not null }).OrderBy(entry => entry.Name, StringComparer.Ordinal);

    /// <summary>Of the files of all versions, deleted ones that can be restored included.</summary>
    public long StoredBytes => _entries.Values.Sum(entry => entry.StoredBytes);

    /// <summary>Also a name whose adapter is gone.</summary>
    public AdapterEntry? Find(string name) => _entries.GetValueOrDefault(name);

    public void Apply(AdapterEntry entry)
    {
        lock (_gate)
        {
            if (_entries.GetValueOrDefault(entry.Name) is not { } known || entry.Revision >= known.Revision)
            {
                _entries[entry.Name] = entry;
                Volatile.Write(ref _sorted, null);
            }
        }
    }
}
