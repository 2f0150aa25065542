using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>A way to make one LoRA of several, as PEFT's <c>add_weighted_adapter</c> names them.</summary>
/// <param name="Name">E.g. <c>ties_svd</c>.</param>
/// <param name="Space">What is combined.</param>
/// <param name="Pruning">Which values of each adapter take part.</param>
/// <param name="ElectsSigns">Whether only values of the majority's sign take part (TIES).</param>
public sealed record MergeMethod(string Name, MergeSpace Space, MergePruning Pruning = MergePruning.None, bool ElectsSigns = false)
{
    public static ImmutableArray<MergeMethod> All { get; } =
    [
        new("cat", MergeSpace.Ranks),
        new("linear", MergeSpace.Factors),
        new("ties", MergeSpace.Factors, MergePruning.Magnitude, ElectsSigns: true),
        new("dare_linear", MergeSpace.Factors, MergePruning.Random),
        new("dare_ties", MergeSpace.Factors, MergePruning.Random, ElectsSigns: true),
        new("magnitude_prune", MergeSpace.Factors, MergePruning.Magnitude),
        new("svd", MergeSpace.Deltas),
        new("ties_svd", MergeSpace.Deltas, MergePruning.Magnitude, ElectsSigns: true),
        new("dare_linear_svd", MergeSpace.Deltas, MergePruning.Random),
        new("dare_ties_svd", MergeSpace.Deltas, MergePruning.Random, ElectsSigns: true),
        new("magnitude_prune_svd", MergeSpace.Deltas, MergePruning.Magnitude),
    ];

    public static MergeMethod? Find(string name) => All.FirstOrDefault(method => method.Name == name);
}
