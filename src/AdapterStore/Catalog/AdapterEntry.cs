using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>One adapter's versions and aliases as of the last change; immutable.</summary>
internal sealed class AdapterEntry
{
    private readonly FrozenDictionary<string, int> _aliases;

    private AdapterEntry(string name, int current, ImmutableSortedDictionary<int, EntryVersion> versions, FrozenDictionary<string, int> aliases)
    {
        Name = name;
        CurrentNumber = current;
        Versions = versions;
        _aliases = aliases;
    }

    public string Name { get; }

    public int CurrentNumber { get; }

    public ImmutableSortedDictionary<int, EntryVersion> Versions { get; }

    public EntryVersion Current => Versions[CurrentNumber];

    /// <summary>Null when no version is left.</summary>
    public static AdapterEntry? From(
        string tenant, string name, IReadOnlyCollection<VersionRow> rows, IReadOnlyCollection<AliasRow> aliases, CatalogRules rules)
    {
        if (rows.FirstOrDefault()?.CurrentVersion is not { } current)
        {
            return null;
        }

        var versions = rows.ToImmutableSortedDictionary(row => (int)row.Number, row => ToVersion(tenant, name, row, aliases, current, rules));
        return new AdapterEntry(name, (int)current, versions, aliases.ToFrozenDictionary(alias => alias.Alias, alias => (int)alias.Number, StringComparer.Ordinal));
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

    private static EntryVersion ToVersion(
        string tenant, string name, VersionRow row, IReadOnlyCollection<AliasRow> aliases, long current, CatalogRules rules)
    {
        var facts = row.Facts is null ? null : JsonSerializer.Deserialize(row.Facts, AdapterJsonContext.Default.AdapterFacts);
        var version = new AdapterVersion(tenant, name, (int)row.Number, row.Digest, rules.HeldBytes(facts))
        {
            AddedTokens = facts?.AddedTokens ?? 0,
            ExactBytes = rules.IsHeldExactly(facts) ? null : facts!.WeightBytes,
        };
        if (facts is null)
        {
            return new EntryVersion(version, null, null);
        }

        ImmutableArray<string> own = [.. aliases.Where(alias => alias.Number == row.Number).Select(alias => alias.Alias).Order(StringComparer.Ordinal)];
        var created = DateTimeOffset.Parse(row.CreatedAt, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
        var descriptor = new AdapterDescriptor(
            name, (int)row.Number, row.Digest, facts.Kind, facts.Forms, facts.Exactness, facts.Ranks, facts.Dtype, facts.Sites,
            facts.Tasks.IsDefault ? [] : facts.Tasks, row.Bytes,
            version.WeightBytes, "ready", row.Number == current, own, rules.BaseFingerprint, created)
        {
            Lower = facts.Lower, AddedTokens = facts.AddedTokens, Held = version.ExactBytes is null ? null : HeldFormat.NameOf(rules.Format),
        };
        return new EntryVersion(version, descriptor, row.Facts);
    }
}
