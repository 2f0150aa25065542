using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.TorchPickle;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// MoSA's split and merged adapter in the style of AdaptFormer.
/// <b>Semantics</b>: behind each feed-forward network, h the residual stream before its norm, y += scale Up(gelu(Down(LN(h)))); Up is the mean of the
/// experts, weights and biases,
/// whichever way they were merged. <b>Source</b>: arXiv:2312.02923 and the authors' code.
/// </summary>
internal sealed class MosaReader : IAdapterReader
{
    private const string Type = "mosa";
    private const string File = "mosa.pt";
    private const string Norm = "adapter_norm";
    private const string Down = "adapter_down";
    private const string Merged = "adapter_up_merge";
    private const int MaxExperts = 64;

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(Type, $"`adapter_type: {Type}`", "bottleneck", "`mosa.pt`; the mean of the experts")];

    public bool Recognises(AdapterFolder folder) => Container.TypeOf(folder) == Type;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var config = new ConfigValues(folder.Config!.Value);
        var options = Options.Of(config);
        var file = TorchPickleFile.Open(Container.Require(folder, File));
        try
        {
            string[] modules = [Norm, Down, Merged, .. Enumerable.Range(0, options.Experts).Select(Expert)];
            ImmutableArray<string> parts = [.. modules.SelectMany(name => new[] { name + ".weight", name + ".bias" })];
            return new AdapterTensors(Type, file, [.. LayerModules.Of(file, parts, baseModel).Select(module => Place(module, options))]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static string Expert(int expert) => $"adapter_up.{expert}";

    private static BottleneckTensors Place(PeftModule module, Options options)
    {
        var (site, rank) = (module.Site, options.Rank);
        var (normWeight, normBias) = (module.Part(Norm + ".weight", site.InFeatures), module.Part(Norm + ".bias", site.InFeatures));
        var (down, downBias) = (module.Part(Down + ".weight", rank, site.InFeatures), module.Part(Down + ".bias", rank));
        var up = MergedExperts.Of(module, Merged, options.Experts, Expert, "weight", site.OutFeatures, rank);
        var upBias = MergedExperts.Of(module, Merged, options.Experts, Expert, "bias", site.OutFeatures);
        return new BottleneckTensors(site, [normWeight, normBias, down, downBias, .. up.Tensors, .. upBias.Tensors], rank, Make)
        {
            // The experts stay in the file: only their mean is held.
            MadeElements = (long)rank * ((long)site.InFeatures + site.OutFeatures),
        };

        BottleneckParts Make(LoweringSource source) => new()
        {
            Input = BottleneckInput.Input,
            Before = new LayerNormParts(source.Read(normWeight), source.Read(normBias), options.Epsilon),
            Down = new F32Matrix(rank, site.InFeatures, source.Read(down)),
            DownBias = source.Read(downBias),
            Activation = Activation.Gelu,
            Up = new F32Matrix(site.OutFeatures, rank, up.Read(source)),
            UpBias = upBias.Read(source),
            Scale = options.Scale,
        };
    }

    private sealed record Options(int Rank, int Experts, float Scale, float Epsilon)
    {
        public static Options Of(ConfigValues config)
        {
            Container.RequireKnown(config, ["style", "share", "merge", "bottleneck", "experts", "scale", "norm_eps"]);
            Require(config, "style", "adaptformer");
            Require(config, "share", "down");
            Require(config, "merge", "add", "joint");
            var (rank, experts) = (PeftAdapter.RequireRank("bottleneck", config.RequiredInt("bottleneck")), config.RequiredInt("experts"));
            return experts is >= 1 and <= MaxExperts
                ? new Options(rank, experts, Container.RequiredSingle(config, "scale"), PositiveEpsilon(config))
                : throw Container.OutOfRange("experts");
        }

        private static float PositiveEpsilon(ConfigValues config) =>
            Container.RequiredSingle(config, "norm_eps") is var epsilon and > 0 ? epsilon : throw Container.OutOfRange("norm_eps");

        private static void Require(ConfigValues config, string key, params ReadOnlySpan<string> served)
        {
            if (config.Text(key) is { } value && !served.Contains(value))
            {
                throw Container.OutOfRange(key);
            }
        }
    }
}
