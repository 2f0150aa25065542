using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Formats.TorchPickle;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// Hydra as its authors save it, a flat dictionary of tensors: at o_proj and down_proj of every layer a branch beside the linear and one behind it.
/// <b>Semantics</b>: y = y0 + scale (P(x) + Q(y0)) with y0 = W x + b, P(x) = B_p (A_p x + a_p) + b_p, and Q the same on y0.
/// <b>Shapes</b>: down_proj.weight [r, in] for P, [r, out] for Q, up_proj.weight [out, r], biases [r] and [out]. <b>Source</b>: arXiv:2309.06922.
/// </summary>
internal sealed class HydraReader : IAdapterReader
{
    private const string Type = "hydra";
    private const string Weights = "hydra.pt";

    private static readonly ImmutableArray<(string Site, string Branches)> s_places = [(".self_attn.o_proj", ".self_attn.hydra_proj_"), (".mlp.down_proj", ".mlp.hydra_mlp_")];

    private static readonly ImmutableArray<string> s_parts =
        [.. from branch in (string[])["par", "seq"] from layer in (string[])["down_proj", "up_proj"] from tensor in (string[])["weight", "bias"] select $"{branch}.{layer}.{tensor}"];

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(Type, $"`adapter_type: {Type}`", "output_low_rank, low_rank, output_bias", "`hydra.pt`")];

    public bool Recognises(AdapterFolder folder) => Container.TypeOf(folder) == Type;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var config = new ConfigValues(folder.Config!.Value);
        Container.RequireKnown(config, ["rank", "scale"]);
        var rank = PeftAdapter.RequireRank("rank", config.RequiredInt("rank"));
        var scale = (float)config.RequiredNumber("scale");
        if (!float.IsFinite(scale))
        {
            throw Container.OutOfRange("scale");
        }

        var file = TorchPickleFile.Open(Container.Require(folder, Weights));
        try
        {
            return new AdapterTensors(Type, file, [.. Modules(file, baseModel).SelectMany(module => Place(module, rank, scale))]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Every tensor of the file at its site, and every site with all of its tensors.</summary>
    private static List<PeftModule> Modules(TorchPickleFile file, BaseModel baseModel)
    {
        var unplaced = file.Tensors.Keys.ToHashSet(StringComparer.Ordinal);
        var modules = new List<PeftModule>();
        foreach (var site in baseModel.Sites)
        {
            foreach (var (suffix, branches) in s_places.Where(place => site.Path.EndsWith(place.Site, StringComparison.Ordinal)))
            {
                var module = new PeftModule(site);
                foreach (var part in s_parts)
                {
                    var name = site.Path[..^suffix.Length] + branches + part;
                    module.Add(part, unplaced.Remove(name)
                        ? file.Tensors[name]
                        : throw StoreErrors.Unservable("missing_tensors", $"The file has no {name}; Hydra acts on the attention's output and on the feed-forward network of every layer."));
                }

                modules.Add(module);
            }
        }

        return unplaced.Min(StringComparer.Ordinal) is not { } unknown
            ? modules
            : throw StoreErrors.Unservable("unknown_tensor", $"The tensor '{AdapterNames.Shorten(unknown)}' is not one that Hydra has on this base.");
    }

    private static IEnumerable<SiteTensors> Place(PeftModule module, int rank, float scale)
    {
        var site = module.Site;
        var (parallel, sequential) = (Branch.Of(module, "par", rank, site.InFeatures), Branch.Of(module, "seq", rank, site.OutFeatures));
        yield return new LowRankTensors(site, sequential.Down, sequential.Up, rank, scale, FormKind.OutputLowRank);
        yield return new LowRankTensors(site, parallel.Down, parallel.Up, rank, scale);
        yield return new MadeVectorTensors(
            site,
            FormKind.OutputBias,
            [parallel.DownBias, parallel.UpBias, sequential.DownBias, sequential.UpBias],
            values => [.. parallel.BiasOf(values).Zip(sequential.BiasOf(values), (first, second) => scale * (first + second))]);
    }

    /// <summary>One of the two branches at a site.</summary>
    private sealed record Branch(SafetensorsTensor Down, SafetensorsTensor DownBias, SafetensorsTensor Up, SafetensorsTensor UpBias)
    {
        public static Branch Of(PeftModule module, string name, int rank, int width) => new(
            module.Part(name + ".down_proj.weight", rank, width),
            module.Part(name + ".down_proj.bias", rank),
            module.Part(name + ".up_proj.weight", module.Site.OutFeatures, rank),
            module.Part(name + ".up_proj.bias", module.Site.OutFeatures));

        /// <summary>B a + b: what the branch gives for zeros.</summary>
        public double[] BiasOf(TensorValues values)
        {
            var (inner, up, bias) = (values.Read(DownBias), values.Read(Up), values.Read(UpBias));
            for (var i = 0; i < up.Length; i++)
            {
                bias[i / inner.Length] += up[i] * inner[i % inner.Length];
            }

            return bias;
        }
    }
}
