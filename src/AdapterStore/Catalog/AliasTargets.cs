using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>The rules for what an alias may mean.</summary>
internal static class AliasTargets
{
    public static void Require(IReadOnlyList<AliasTarget> targets)
    {
        if (targets.Count is < 1 or > 2 || targets.Any(target => target.Weight is < 1 or > AliasSplit.MaxWeight))
        {
            throw Wrong($"An alias means one version, or two with weights from 1 to {AliasSplit.MaxWeight}.");
        }
    }

    public static void RequireDifferent(IReadOnlyList<AdapterVersion> versions)
    {
        if (versions.Count > 1 && versions[0].Number == versions[1].Number)
        {
            throw Wrong($"Both parts of the split are version {versions[0].Number}; name two versions, or one alone.");
        }
    }

    /// <summary>For the audit log.</summary>
    public static string Describe(string alias, IReadOnlyList<AliasTarget> targets, IReadOnlyList<AdapterVersion> versions) => versions.Count == 1
        ? $"{alias} = {versions[0].Number}"
        : $"{alias} = {versions[0].Number} ({targets[0].Weight}) or {versions[1].Number} ({targets[1].Weight})";

    private static AdapterStoreException Wrong(string message) => StoreErrors.Malformed("invalid_split", message);
}
