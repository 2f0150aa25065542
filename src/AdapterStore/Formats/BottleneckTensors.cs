using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// y += U f(D h), see <see cref="BottleneckParts"/>; several at one site apply one after the other, in the reader's order.
/// </summary>
/// <param name="Site">Where it acts; <see cref="BottleneckInput.Normed"/> only behind a sublayer.</param>
/// <param name="Sources">The tensors that it is made from.</param>
/// <param name="Rank">The width between D and U.</param>
/// <param name="Make">Reads the parts when the adapter is lowered; <see cref="BottleneckSource"/> helps.</param>
internal sealed record BottleneckTensors(Site Site, ImmutableArray<SafetensorsTensor> Sources, int Rank, Func<LoweringSource, BottleneckParts> Make)
    : ComputedTensors(Site, FormKind.Bottleneck)
{
    /// <summary>Elements of D and U where they are computed from sources of another size; 0 where they are the sources.</summary>
    public long MadeElements { get; init; }

    public override IEnumerable<SafetensorsTensor> Tensors => Sources;

    public override int? InnerRank => Rank;

    public override long LargestElements => Math.Max(MadeElements, base.LargestElements);

    public override long LoweredBytes => MadeElements > 0 ? MadeElements * sizeof(float) : base.LoweredBytes;

    public override FormWeights Pack(LoweringSource source, WeightArena arena) =>
        BottleneckWeights.Pack(arena, Site.InFeatures, Site.OutFeatures, Make(source));
}
