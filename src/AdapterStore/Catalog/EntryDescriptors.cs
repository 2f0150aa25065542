using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>Rows of one name → what requests and clients get to see of its versions.</summary>
internal sealed class EntryDescriptors(AdapterRows rows, CatalogRules rules)
{
    private readonly ImmutableSortedDictionary<string, string> _labels = LabelsJson.Parse(rows.Adapter.Labels);

    public EntryVersion Make(VersionRow row)
    {
        var facts = row.Facts is null ? null : JsonSerializer.Deserialize(row.Facts, AdapterJsonContext.Default.AdapterFacts);
        var version = new AdapterVersion(row.Tenant, row.Name, (int)row.Number, row.Digest, rules.HeldBytes(facts))
        {
            AddedTokens = facts?.AddedTokens ?? 0,
            ExactBytes = rules.IsHeldExactly(facts) ? null : facts!.WeightBytes,
        };
        return new EntryVersion(version, facts is null ? null : Describe(row, facts, version), row.Facts) { DeletedAt = row.DeletedAt, StoredBytes = row.Bytes };
    }

    private AdapterDescriptor Describe(VersionRow row, AdapterFacts facts, AdapterVersion version)
    {
        ImmutableArray<string> aliases =
            [.. rows.Aliases.Where(alias => alias.Number == row.Number || alias.SecondNumber == row.Number).Select(alias => alias.Alias).Order(StringComparer.Ordinal)];
        var state = row.DeletedAt is not null ? AdapterStates.Deleted : row.State ?? AdapterStates.Ready;
        return new AdapterDescriptor(
            row.Name, (int)row.Number, row.Digest, facts.Kind, facts.Forms, facts.Exactness, facts.Ranks, facts.Dtype, facts.Sites,
            facts.Tasks.IsDefault ? [] : facts.Tasks, row.Bytes,
            version.WeightBytes, state, row.Number == rows.Adapter.CurrentVersion, aliases, rules.BaseFingerprint, RegistryTime.Parse(row.CreatedAt))
        {
            Tenant = row.Tenant,
            Held = version.ExactBytes is null ? null : HeldFormat.NameOf(rules.Format),
            Lower = facts.Lower,
            AddedTokens = facts.AddedTokens,
            Reason = row.Reason,
            SignedBy = row.SignedBy,
            Revision = rows.Adapter.Revision,
            Labels = _labels,
            Pinned = rows.Adapter.Pinned != 0,
            Priority = (int)rows.Adapter.Priority,
            DeletedAt = row.DeletedAt is null ? null : RegistryTime.Parse(row.DeletedAt),
        };
    }
}
