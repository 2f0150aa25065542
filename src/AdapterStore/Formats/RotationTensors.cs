using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>x = R x, its factors computed from the file's tensors when the adapter is lowered.</summary>
/// <param name="Site">Where.</param>
/// <param name="Sources">The file's tensors.</param>
/// <param name="Elements">Values that the factors have at least, equal blocks counted once.</param>
/// <param name="Make">The factors in the order in which they apply, in f64 (see <see cref="RotationBlocks"/>).</param>
internal sealed record InputRotationTensors(
    Site Site, ImmutableArray<SafetensorsTensor> Sources, long Elements, Func<TensorValues, IEnumerable<RotationBlocks>> Make)
    : ComputedTensors(Site, FormKind.InputRotation)
{
    public override IEnumerable<SafetensorsTensor> Tensors => Sources;

    public override long LargestElements => Math.Max(Elements, base.LargestElements);

    public override long LoweredBytes => Elements * sizeof(float);

    public override FormWeights Pack(LoweringSource source, WeightArena arena) => InputRotationWeights.Pack(
        arena,
        Site.InFeatures,
        Site.OutFeatures,
        [.. Make(source.Values).Select(factor => new RotationFactor(factor.Size, MadeTensors.Narrow(factor.Values, Site), factor.Order))]);
}

/// <summary>A <see cref="RotationFactor"/> before it is rounded. <b>Shapes</b>: Values [blocks, Size, Size], or [Size, Size] for equal blocks; Order [in] or empty.</summary>
internal sealed record RotationBlocks(int Size, double[] Values, ReadOnlyMemory<int> Order = default);

/// <summary>Each pair of outputs turned and scaled. <b>Shapes</b>: what <paramref name="Make"/> gives: own and other, [out] each.</summary>
internal sealed record OutputRotationTensors(
    Site Site, ImmutableArray<SafetensorsTensor> Sources, int Group, Func<TensorValues, (double[] Own, double[] Other)> Make)
    : ComputedTensors(Site, FormKind.OutputRotation)
{
    public override IEnumerable<SafetensorsTensor> Tensors => Sources;

    public override long LoweredBytes => 2 * sizeof(float) * (long)Site.OutFeatures;

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var (own, other) = Make(source.Values);
        return OutputRotationWeights.Pack(arena, Site.InFeatures, Site.OutFeatures, Group, MadeTensors.Narrow(own, Site), MadeTensors.Narrow(other, Site));
    }
}
