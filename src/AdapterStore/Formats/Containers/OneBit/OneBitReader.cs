using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Containers.OneBit;

/// <summary>
/// Adapters of one bit a weight, in the authors' headerless file and their flat <c>config.yaml</c>.
/// <b>Semantics</b>: a weight is mean + c deviation where its bit is set and mean - c deviation elsewhere. <c>1bit-adaptformer</c>: behind each
/// feed-forward network,
/// y += scale Up(relu(Down h)), h the residual stream before its norm; <c>1bit-lora</c>: q += scale Up(Down x) and v likewise.
/// <b>Source</b>: arXiv:2307.16867 and the authors' code.
/// </summary>
internal sealed class OneBitReader : IAdapterReader
{
    private const string AdaptFormer = "1bit-adaptformer";
    private const string Lora = "1bit-lora";
    private const string File = "adapter.bin";

    /// <summary>The median of the half normal distribution: the code of one bit.</summary>
    private const float Code = 0.67448975f;

    public IEnumerable<AdapterKind> Kinds => 
    [
        AdapterKind.Exact(AdaptFormer, $"`{File}` and `config.yaml`, `adapter_type: {AdaptFormer}`", "bottleneck", "held in one bit a weight"),
        AdapterKind.Exact(Lora, $"`{File}` and `config.yaml`, `adapter_type: {Lora}`", "bottleneck", "held in one bit a weight"),
    ];

    public bool Recognises(AdapterFolder folder) => Container.TypeOf(folder) is AdaptFormer or Lora;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var type = Container.TypeOf(folder)!;
        var options = OneBitOptions.Of(folder, type["1bit-".Length..]);
        var networks = LayerModules.Networks(baseModel);
        options.RequireBase(networks, networks.IsEmpty ? 0 : LayerModules.Beside(networks[0], "self_attn.v_proj", baseModel).OutFeatures);
        ImmutableArray<Site> sites = type == AdaptFormer
            ? networks
            : [.. networks.SelectMany(site => Projections(site, baseModel))];
        var file = OneBitFile.Open(Container.Require(folder, File), [.. sites.SelectMany(site => Shapes(site, options.Rank))]);
        var activation = type == AdaptFormer ? Activation.Relu : Activation.Identity;
        return new AdapterTensors(type, file, [.. sites.Select(site => Place(site, file, options, activation))]) { Dtype = "1bit" };
    }

    private static Site[] Projections(Site network, BaseModel baseModel) =>
        [LayerModules.Beside(network, "self_attn.q_proj", baseModel), LayerModules.Beside(network, "self_attn.v_proj", baseModel)];

    private static OneBitShape[] Shapes(Site site, int rank) =>
        [new OneBitShape(site.Path + ".down", rank, site.InFeatures), new OneBitShape(site.Path + ".up", site.OutFeatures, rank)];

    private static BottleneckTensors Place(Site site, OneBitFile file, OneBitOptions options, Activation activation)
    {
        var (down, up) = (site.Path + ".down", site.Path + ".up");
        ImmutableArray<SafetensorsTensor> tensors =
            [file.Tensors[down], file.Tensors[OneBitFile.MomentsOf(down)], file.Tensors[up], file.Tensors[OneBitFile.MomentsOf(up)]];
        return new BottleneckTensors(site, tensors, options.Rank, Make);

        BottleneckParts Make(LoweringSource source) => new()
        {
            Down = Matrix(source, options.Rank, site.InFeatures, tensors[0], tensors[1]),
            Activation = activation,
            Up = Matrix(source, site.OutFeatures, options.Rank, tensors[2], tensors[3]),
            Scale = options.Scale,
        };
    }

    private static BitMatrix Matrix(LoweringSource source, int rows, int columns, SafetensorsTensor bits, SafetensorsTensor moments)
    {
        var (mean, deviation) = (source.Read(moments)[0], source.Read(moments)[1]);
        var half = Code * deviation;
        var matrix = new BitMatrix(rows, columns, source.Values.ReadBytes(bits).ToArray(), mean - half, mean + half);
        return float.IsFinite(matrix.Low) && float.IsFinite(matrix.High) && float.IsFinite(matrix.High - matrix.Low)
            ? matrix
            : throw StoreErrors.Unservable("not_finite", $"The weights of '{bits.Name}' are beyond the range of 32-bit floats.");
    }
}
