using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// <b>Semantics</b>: behind each feed-forward network of normed input n, y += Up(silu(conv(Down n))); the convolution is depth-wise over the tokens
/// of a sequence and looks back only.
/// <b>Shapes</b>: down [b, H], conv [b, 1, k], up [H, b], each with a bias. <b>Source</b>: ours, after Convpass (arXiv:2207.07039).
/// </summary>
internal sealed class CausalConvolutionReader : IAdapterReader
{
    private const string Type = "causal-convolution";
    private const string Weights = "adapter_model.safetensors";
    private const string Function = "silu";
    private const int MaxKernel = 1 << 12;

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(Type, $"`adapter_type: {Type}`", "bottleneck", "keeps the last inputs of each sequence")];

    public bool Recognises(AdapterFolder folder) => Container.TypeOf(folder) == Type;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var config = new ConfigValues(folder.Config!.Value);
        Container.RequireKnown(config, ["bottleneck", "kernel", "activation"]);
        var rank = PeftAdapter.RequireRank("bottleneck", config.RequiredInt("bottleneck"));
        var kernel = config.RequiredInt("kernel") is var taps and >= 1 and <= MaxKernel ? taps : throw Container.OutOfRange("kernel");
        if (config.Text("activation") is { } activation && activation != Function)
        {
            throw Container.OutOfRange("activation");
        }

        var file = SafetensorsFile.Open(Container.Require(folder, Weights));
        try
        {
            string[] parts = ["down.weight", "down.bias", "conv.weight", "conv.bias", "up.weight", "up.bias"];
            var modules = LayerModules.Of(file, [.. parts.Select(part => "conv_adapter." + part)], baseModel);
            return new AdapterTensors(Type, file, [.. modules.Select(module => Place(module, rank, kernel))]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static BottleneckTensors Place(PeftModule module, int rank, int kernel)
    {
        var site = module.Site;
        var (down, downBias) = (module.Part("conv_adapter.down.weight", rank, site.InFeatures), module.Part("conv_adapter.down.bias", rank));
        var (conv, convBias) = (module.Part("conv_adapter.conv.weight", rank, 1, kernel), module.Part("conv_adapter.conv.bias", rank));
        var (up, upBias) = (module.Part("conv_adapter.up.weight", site.OutFeatures, rank), module.Part("conv_adapter.up.bias", site.OutFeatures));
        return new BottleneckTensors(site, [down, downBias, conv, convBias, up, upBias], rank, Make);

        BottleneckParts Make(LoweringSource source)
        {
            var (downMatrix, upMatrix) = BottleneckSource.Matrices(source, down, up, upBias);
            return new BottleneckParts
            {
                Input = BottleneckInput.Normed,
                Down = downMatrix,
                DownBias = source.Read(downBias),
                Convolution = new ConvolutionParts(source.Read(conv), source.Read(convBias), kernel),
                Activation = Activation.Silu,
                Up = upMatrix,
                UpBias = source.Read(upBias),
            };
        }
    }
}
