using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>A form that packs itself when the adapter is lowered.</summary>
internal abstract record ComputedTensors(Site Site, FormKind Form) : SiteTensors(Site, Form)
{
    public abstract FormWeights Pack(LoweringSource source, WeightArena arena);
}

/// <summary>y = g y, y += Scale c, or x = s x. <b>Shapes</b>: any shape with as many elements as the site has channels there.</summary>
internal sealed record VectorTensors(Site Site, FormKind Form, SafetensorsTensor Values, float Scale = 1) : ComputedTensors(Site, Form)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [Values];

    public override FormWeights Pack(LoweringSource source, WeightArena arena) =>
        LoweringSource.PackVector(arena, Site, Form, Scale == 1 ? source.Read(Values) : Array.ConvertAll(source.Read(Values), value => value * Scale));
}

/// <summary>
/// y = w x / rms(x), or with 1 + w where the base's norms do so, in place of the base's norm. <b>Shapes</b>: w [width].
/// <b>Errors</b>: Unservable <c>norm_kind</c> where they compute something else.
/// </summary>
internal sealed record NormTensors(Site Site, SafetensorsTensor Weight) : ComputedTensors(Site, FormKind.RmsNorm)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [Weight];

    public override FormWeights Pack(LoweringSource source, WeightArena arena) => RmsNormWeights.Pack(
        arena, source.BaseWeights.NormEpsilon, source.BaseWeights.NormKind == NormKind.RmsPlusOne ? PlusOne(source.Read(Weight)) : source.Read(RequireRms(source)));

    private static float[] PlusOne(float[] values) => Array.ConvertAll(values, value => 1 + value);

    private SafetensorsTensor RequireRms(LoweringSource source) => source.BaseWeights.NormKind == NormKind.Rms ? Weight : throw StoreErrors.LayerNorm(Site.Path);
}

/// <summary>y += S x. <b>Shapes</b>: Values [k]; Indices [2, k], outputs in row 0 and inputs in row 1.</summary>
internal sealed record SparseTensors(Site Site, SafetensorsTensor Values, SafetensorsTensor Indices) : ComputedTensors(Site, FormKind.Sparse)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [Values, Indices];

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var indices = source.ReadIndices(Indices, Site.OutFeatures, Site.InFeatures);
        var count = indices.Length / 2;
        var values = source.Read(Values);
        return SparseWeights.Pack(
            arena, Site.InFeatures, Site.OutFeatures, indices.AsSpan(0, count), indices.AsSpan(count), values, LoweringSource.ExactType(values));
    }
}
