using System.Collections.Immutable;
using AdapterServe.Engine.Models.HuggingFace;

namespace AdapterServe.Engine.Models.Cache;

/// <summary>
/// One initializer and where its bytes are to lie.
/// </summary>
/// <param name="Name">The initializer's name.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Source">The checkpoint's tensor; null for a table that is computed.</param>
/// <param name="Mapped">Whether the checkpoint's own bytes serve as they are.</param>
/// <param name="Offset">Where it begins in the converted file; 0 for what is mapped.</param>
internal sealed record PlannedWeight(string Name, ImmutableArray<long> Shape, CheckpointTensor? Source, bool Mapped, long Offset)
{
    public long Elements => Shape.Aggregate(1L, (product, size) => product * size);

    public long Bytes => Elements * sizeof(float);
}
