using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>A layer norm of an adapter's own. <b>Shapes</b>: both [hidden].</summary>
internal sealed record HubNorm(SafetensorsTensor Weight, SafetensorsTensor Bias)
{
    public ImmutableArray<SafetensorsTensor> Sources => [Weight, Bias];

    public static HubNorm Take(HubTensors tensors, string name, int width) => new(tensors.Take(name + ".weight", width), tensors.Take(name + ".bias", width));

    public LayerNormParts Read(LoweringSource source, float epsilon) => new(source.Read(Weight), source.Read(Bias), epsilon);
}
