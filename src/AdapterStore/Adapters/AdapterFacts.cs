using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Adapters;

/// <summary>
/// What verification found out about an adapter's content on one base model; stored beside the version.
/// </summary>
/// <param name="Kind">The method, e.g. <c>lora</c>.</param>
/// <param name="Forms">The kernel forms that it is lowered to, e.g. <c>low_rank</c>, in the order in which a site applies them.</param>
/// <param name="Exactness">
/// <c>exact</c>, or <c>approximate:&lt;bound&gt;</c>: at no site does what is served miss what the file says by more than so much of it, in the spectral norm.
/// </param>
/// <param name="Ranks">The different ranks, ascending.</param>
/// <param name="Dtype">How the file holds its weights: <c>float32</c>, <c>bfloat16</c>, <c>float16</c> or <c>mixed</c>.</param>
/// <param name="Sites">At how many sites of the base it acts.</param>
/// <param name="WeightBytes">Host memory of the lowered weights, exactly as the file has them; of one task where there are several.</param>
/// <param name="Tasks">The tasks by name, or by number where the file has no names; empty, or default in older records, for an adapter without tasks.</param>
public sealed record AdapterFacts(
    string Kind, ImmutableArray<string> Forms, string Exactness, ImmutableArray<int> Ranks, string Dtype, int Sites, long WeightBytes, ImmutableArray<string> Tasks)
{
    /// <summary>How many tokens it adds behind the base's vocabulary.</summary>
    public int AddedTokens { get; init; }

    /// <summary>The same in every format; null in older records.</summary>
    public HeldBytes? HeldBytes { get; init; }

    /// <summary>The approximation that the uploader asked for, e.g. <c>svd:rank=16</c>, or null.</summary>
    public string? Lower { get; init; }
}
