using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>What of this server, beside the registry's rows, says what a version is.</summary>
/// <param name="BaseFingerprint">The base in use.</param>
/// <param name="Format">How low-rank factors are held.</param>
internal sealed record CatalogRules(string BaseFingerprint, AdapterWeightFormat Format)
{
    /// <summary>Host memory of a version's weights; of one from before formats were known what it takes at most.</summary>
    public long HeldBytes(AdapterFacts? facts) => facts?.HeldBytes?.Of(Format) ?? facts?.WeightBytes ?? 0;

    /// <summary>Whether weights are held as the file has them: always where nothing is low-rank.</summary>
    public bool IsHeldExactly(AdapterFacts? facts) => facts is null || (facts.HeldBytes?.IsExactIn(Format) ?? Format == AdapterWeightFormat.File);
}
