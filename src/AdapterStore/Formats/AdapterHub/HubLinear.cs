using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>One of a bottleneck's two linear layers: a weight and a bias, or the factors of a sum of Kronecker products (<see cref="HubPhm"/>).</summary>
internal sealed class HubLinear
{
    private readonly int _inFeatures;
    private readonly int _outFeatures;
    private readonly SafetensorsTensor? _weight;
    private readonly HubPhm? _phm;
    private readonly SafetensorsTensor? _bias;

    private HubLinear(int inFeatures, int outFeatures, SafetensorsTensor? weight, HubPhm? phm, SafetensorsTensor? bias) =>
        (_inFeatures, _outFeatures, _weight, _phm, _bias) = (inFeatures, outFeatures, weight, phm, bias);

    public ImmutableArray<SafetensorsTensor> Sources => [.. _weight is null ? _phm!.Sources : [_weight], .. _bias is null ? [] : new[] { _bias }];

    /// <param name="config">The bottleneck's configuration.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="name">Of the layer, in the file.</param>
    /// <param name="position"><c>down</c> or <c>up</c>.</param>
    /// <param name="inFeatures">Its input's width.</param>
    /// <param name="outFeatures">Its output's width.</param>
    public static HubLinear Take(ConfigValues config, HubAdapter adapter, string name, string position, int inFeatures, int outFeatures)
    {
        if (!config.Flag("phm_layer"))
        {
            return Plain(adapter.Tensors, name, inFeatures, outFeatures);
        }

        var phm = HubPhm.Take(config, adapter, name, position, inFeatures, outFeatures);
        return new HubLinear(inFeatures, outFeatures, null, phm, config.FlagOr("phm_bias", true) ? adapter.Tensors.Take(name + ".b", outFeatures) : null);
    }

    /// <summary>With a weight and a bias.</summary>
    public static HubLinear Plain(HubTensors tensors, string name, int inFeatures, int outFeatures) =>
        new(inFeatures, outFeatures, tensors.Take(name + ".weight", outFeatures, inFeatures), null, tensors.Take(name + ".bias", outFeatures));

    public float[] ReadWeight(LoweringSource source) => _weight is null ? _phm!.Read(source) : source.Read(_weight);

    public float[]? ReadBias(LoweringSource source) => BottleneckSource.Vector(source, _bias);

    /// <summary>The weights of both.</summary>
    public static (MatrixParts Down, MatrixParts Up) ReadWeights(LoweringSource source, HubLinear down, HubLinear up) => down._weight is null || up._weight is null
        ? (down.AsF32(source), up.AsF32(source))
        : BottleneckSource.Matrices(source, down._weight, up._weight, up._bias);

    private F32Matrix AsF32(LoweringSource source) => new(_outFeatures, _inFeatures, ReadWeight(source));
}
