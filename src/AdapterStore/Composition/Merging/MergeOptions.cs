using System.Globalization;

namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>How several adapters are merged to one.</summary>
/// <param name="Method">See <see cref="MergeMethod.All"/>.</param>
public sealed record MergeOptions(MergeMethod Method)
{
    /// <summary>The share of values that pruning keeps, in (0, 1]; only for methods that prune.</summary>
    public double Density { get; init; } = 1;

    /// <summary>Rank of the result of methods on deltas; null: the greatest rank of the parts.</summary>
    public int? SvdRank { get; init; }

    /// <summary>True: signs are elected by number instead of by sum.</summary>
    public bool ByFrequency { get; init; }

    /// <summary>Decides what random pruning leaves out.</summary>
    public ulong Seed { get; init; }

    internal string Describe()
    {
        var (density, byFrequency, seed) = (Method.Pruning == MergePruning.None ? 1 : Density, Method.ElectsSigns && ByFrequency, Method.Pruning == MergePruning.Random ? Seed : 0);
        var rank = Method.Space == MergeSpace.Deltas ? SvdRank : null;
        return string.Create(CultureInfo.InvariantCulture, $"{Method.Name} {density:R} {rank} {byFrequency} {seed}\n");
    }
}
