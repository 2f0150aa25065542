using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>y += b' - b: a bias in place of the base's. <b>Shapes</b>: b' [out].</summary>
internal sealed record ReplacedBiasTensors(Site Site, SafetensorsTensor Bias) : ComputedTensors(Site, FormKind.OutputBias)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [Bias];

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var values = source.Read(Bias);
        var original = source.BaseBias(Site);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)((double)values[i] - original[i]);
        }

        return LoweringSource.PackVector(arena, Site, Form, values);
    }
}

/// <summary>y += b: the base's bias again, behind a product that took the place of the base's, bias and all.</summary>
internal sealed record KeptBiasTensors(Site Site) : ComputedTensors(Site, FormKind.OutputBias)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [];

    public override FormWeights Pack(LoweringSource source, WeightArena arena) => LoweringSource.PackVector(arena, Site, Form, source.BaseBias(Site));
}
