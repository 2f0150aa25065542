using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>One name's versions and aliases as of one change; immutable.</summary>
internal sealed class AdapterEntry
{
    private readonly FrozenDictionary<string, AliasSplit> _aliases;

    private AdapterEntry(AdapterRow row, ImmutableSortedDictionary<int, EntryVersion> versions, FrozenDictionary<string, AliasSplit> aliases)
    {
        Tenant = row.Tenant;
        Name = row.Name;
        Revision = row.Revision;
        CurrentNumber = (int)(row.CurrentVersion ?? 0);
        DeletedAt = row.DeletedAt;
        IsPinned = row.Pinned != 0;
        Versions = versions.RemoveRange(versions.Where(version => version.Value.DeletedAt is not null).Select(version => version.Key));
        Deleted = versions.RemoveRange(Versions.Keys);
        StoredBytes = versions.Values.Sum(version => version.StoredBytes);
        _aliases = aliases;
    }

    public string Tenant { get; }

    public string Name { get; }

    /// <summary>The number of the name's last change.</summary>
    public long Revision { get; }

    /// <summary>False for a name whose adapter was deleted.</summary>
    public bool IsThere => CurrentNumber > 0 && DeletedAt is null;

    /// <summary>Null while it is there, and again when it was purged.</summary>
    public string? DeletedAt { get; }

    public bool IsPinned { get; }

    public int CurrentNumber { get; }

    /// <summary>Without those that were deleted.</summary>
    public ImmutableSortedDictionary<int, EntryVersion> Versions { get; }

    /// <summary>Those that can still be restored.</summary>
    public ImmutableSortedDictionary<int, EntryVersion> Deleted { get; }

    /// <summary>Of the files of all versions, deleted ones included.</summary>
    public long StoredBytes { get; }

    public EntryVersion Current => Versions[CurrentNumber];

    public static AdapterEntry From(AdapterRows rows, CatalogRules rules)
    {
        var descriptors = new EntryDescriptors(rows, rules);
        var versions = rows.Versions.ToImmutableSortedDictionary(row => (int)row.Number, descriptors.Make);
        return new AdapterEntry(
            rows.Adapter,
            versions,
            rows.Aliases.ToFrozenDictionary(
                alias => alias.Alias, alias => new AliasSplit((int)alias.Number, (int)alias.Weight, (int?)alias.SecondNumber, (int)alias.SecondWeight), StringComparer.Ordinal));
    }

    /// <summary>The version that a selector means: a number, a digest or an alias.</summary>
    /// <param name="selector">What stands behind the <c>@</c>.</param>
    /// <param name="key">Whose version of an alias that means two; see <see cref="AliasSplit"/>.</param>
    public EntryVersion? Find(string selector, string? key = null)
    {
        if (selector.StartsWith("sha256:", StringComparison.Ordinal))
        {
            return FindDigest(selector);
        }

        if (selector.Length > 0 && selector.All(char.IsAsciiDigit))
        {
            return int.TryParse(selector, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Versions.GetValueOrDefault(number) : null;
        }

        return _aliases.TryGetValue(selector, out var split) ? Versions[split.Choose($"{Tenant}/{Name}@{selector}", key)] : null;
    }

    public EntryVersion? FindDigest(string digest) => Versions.Values.FirstOrDefault(version => version.Version.Digest == digest);

    public bool HasAlias(string alias) => _aliases.ContainsKey(alias);

    public bool HasAliasTo(int number) => _aliases.Values.Any(split => split.Means(number));

    /// <summary>See <see cref="Caller.IfMatch"/>.</summary>
    public bool Matches(string condition)
    {
        var wanted = condition.Trim().Trim('"');
        return wanted == "*" || wanted == Current.Version.Digest || wanted == string.Create(CultureInfo.InvariantCulture, $"r{Revision}");
    }
}
