using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>One name's versions and aliases as of one change; immutable.</summary>
internal sealed class AdapterEntry
{
    private readonly FrozenDictionary<string, int> _aliases;

    private AdapterEntry(AdapterRow row, ImmutableSortedDictionary<int, EntryVersion> versions, FrozenDictionary<string, int> aliases)
    {
        Tenant = row.Tenant;
        Name = row.Name;
        Revision = row.Revision;
        CurrentNumber = (int)(row.CurrentVersion ?? 0);
        Versions = versions;
        _aliases = aliases;
    }

    public string Tenant { get; }

    public string Name { get; }

    /// <summary>The number of the name's last change.</summary>
    public long Revision { get; }

    /// <summary>False for a name whose adapter was deleted.</summary>
    public bool IsThere => CurrentNumber > 0;

    public int CurrentNumber { get; }

    public ImmutableSortedDictionary<int, EntryVersion> Versions { get; }

    public EntryVersion Current => Versions[CurrentNumber];

    public static AdapterEntry From(AdapterRows rows, string baseFingerprint)
    {
        var versions = rows.Versions.ToImmutableSortedDictionary(row => (int)row.Number, row => ToVersion(row, rows, baseFingerprint));
        return new AdapterEntry(rows.Adapter, versions, rows.Aliases.ToFrozenDictionary(alias => alias.Alias, alias => (int)alias.Number, StringComparer.Ordinal));
    }

    /// <summary>The version that a selector means: a number, a digest or an alias.</summary>
    public EntryVersion? Find(string selector)
    {
        if (selector.StartsWith("sha256:", StringComparison.Ordinal))
        {
            return FindDigest(selector);
        }

        if (selector.Length > 0 && selector.All(char.IsAsciiDigit))
        {
            return int.TryParse(selector, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Versions.GetValueOrDefault(number) : null;
        }

        return _aliases.TryGetValue(selector, out var aliased) ? Versions[aliased] : null;
    }

    public EntryVersion? FindDigest(string digest) => Versions.Values.FirstOrDefault(version => version.Version.Digest == digest);

    public bool HasAlias(string alias) => _aliases.ContainsKey(alias);

    public bool HasAliasTo(int number) => _aliases.Values.Contains(number);

    private static EntryVersion ToVersion(VersionRow row, AdapterRows rows, string baseFingerprint)
    {
        var facts = row.Facts is null ? null : JsonSerializer.Deserialize(row.Facts, AdapterJsonContext.Default.AdapterFacts);
        var version = new AdapterVersion(row.Tenant, row.Name, (int)row.Number, row.Digest, facts?.WeightBytes ?? 0) { AddedTokens = facts?.AddedTokens ?? 0 };
        if (facts is null)
        {
            return new EntryVersion(version, null, null);
        }

        ImmutableArray<string> own = [.. rows.Aliases.Where(alias => alias.Number == row.Number).Select(alias => alias.Alias).Order(StringComparer.Ordinal)];
        var descriptor = new AdapterDescriptor(
            row.Name, (int)row.Number, row.Digest, facts.Kind, facts.Forms, facts.Exactness, facts.Ranks, facts.Dtype, facts.Sites,
            facts.Tasks.IsDefault ? [] : facts.Tasks, row.Bytes,
            facts.WeightBytes, "ready", row.Number == rows.Adapter.CurrentVersion, own, baseFingerprint, RegistryTime.Parse(row.CreatedAt)) { Lower = facts.Lower, AddedTokens = facts.AddedTokens };
        return new EntryVersion(version, descriptor, row.Facts);
    }
}
