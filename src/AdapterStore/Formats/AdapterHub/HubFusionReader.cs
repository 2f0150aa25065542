using System.Globalization;
using System.Text.Json;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Formats.TorchPickle;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// An AdapterFusion as save_adapter_fusion writes it: the attention that mixes several bottlenecks, a part that a request joins to them.
/// <b>Semantics</b>: p = softmax_i((Q q + c) . (K b_i + d)), y += V (sum p_i b_i); d adds the same to every score and is left out.
/// <b>Shapes</b>: Q, K, V [H, H], c, d [H]. <b>Source</b>: arXiv:2005.00247; the adapters library, methods/modeling. Its temperature counts calls down to 1, where it stays.
/// </summary>
internal sealed class HubFusionReader : IAdapterReader
{
    private const string Config = "adapter_fusion_config.json";
    private const string Weights = "model_adapter_fusion.safetensors";
    private const string Pickle = "pytorch_model_adapter_fusion.bin";

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact("fusion", "AdapterHub, `adapter_fusion_config.json`", "mixture", "a part that a request joins to the bottlenecks that it names")];

    public bool Recognises(AdapterFolder folder) => folder.Config is null && folder.Files.Has(Config);

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        using var document = StrictJson.ReadObject(folder.Files.PathOf(Config), Config);
        var root = new ConfigValues(document.RootElement);
        var children = root.Texts("adapter_names");
        var options = Options(root);
        if (children.Length is 0 or > MixtureWeights.MaxChildren)
        {
            throw StoreErrors.Unservable("option_range", $"'adapter_names' in {Config} names {children.Length} adapters; 1 to {MixtureWeights.MaxChildren} are served.");
        }

        var file = folder.Files.Has(Weights) ? SafetensorsFile.Open(folder.Files.PathOf(Weights))
            : folder.Files.Has(Pickle) ? (ITensorSource)TorchPickleFile.Open(folder.Files.PathOf(Pickle))
            : throw StoreErrors.Unservable("missing_weights", $"The upload has a {Config} but no {Weights} and no {Pickle}.");
        try
        {
            var adapter = new HubAdapter(root, baseModel, HubTensors.OfAdapter(file));
            var sites = Enumerable.Range(0, adapter.Layers).SelectMany(layer => At(layer, adapter, children.Length, options)).ToList();
            adapter.Tensors.RequireNoneLeft();
            return sites.Count > 0
                ? new AdapterTensors("fusion", file, [.. sites]) { NeedsOthers = true }
                : throw StoreErrors.Unservable("no_modules", "The file has no fusion layer.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static FusionOptions Options(ConfigValues root)
    {
        if (root.Find("config") is { ValueKind: JsonValueKind.String } && root.Text("config") is "static" or "dynamic")
        {
            return new FusionOptions(HasQuery: true, HasKey: true, HasValue: root.Text("config") == "dynamic", QueriesOutput: false);
        }

        var config = root.Object("config");
        HubOptions.RequireServable(
            config, "key", "query", "value", "query_before_ln", "regularization", "residual_before", "temperature", "value_before_softmax", "value_initialized", "dropout_prob");
        return config.Flag("residual_before")
            ? throw StoreErrors.Unservable("residual", "residual_before=true sends the residual through the fusion's value matrix, which is not served; train with residual_before=false.")
            : new FusionOptions(config.Flag("query"), config.Flag("key"), config.Flag("value"), config.Flag("query_before_ln"));
    }

    private static IEnumerable<SiteTensors> At(int layer, HubAdapter adapter, int children, FusionOptions options)
    {
        foreach (var (location, sublayer) in new[] { ("attention_adapters", "self_attn"), ("output_adapters", "mlp") })
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"model.layers.{layer}.{location}.adapter_fusion_layer.{adapter.Name}.");
            if (adapter.Tensors.Has(name + "query.weight") || adapter.Tensors.Has(name + "key.weight") || adapter.Tensors.Has(name + "value.weight"))
            {
                yield return new FusionTensors(
                    adapter.Site($"model.layers.{layer}.{sublayer}"),
                    children,
                    options.HasQuery ? HubLinear.Plain(adapter.Tensors, name + "query", adapter.HiddenSize, adapter.HiddenSize) : null,
                    options.HasKey ? HubLinear.Plain(adapter.Tensors, name + "key", adapter.HiddenSize, adapter.HiddenSize) : null,
                    options.HasValue ? adapter.Tensors.Take(name + "value.weight", adapter.HiddenSize, adapter.HiddenSize) : null,
                    options.QueriesOutput);
            }
        }
    }

    private sealed record FusionOptions(bool HasQuery, bool HasKey, bool HasValue, bool QueriesOutput);

    private sealed record FusionTensors(Site Site, int Children, HubLinear? Query, HubLinear? Key, SafetensorsTensor? Value, bool QueriesOutput)
        : ComputedTensors(Site, FormKind.Mixture)
    {
        public override IEnumerable<SafetensorsTensor> Tensors => [.. Query?.Sources ?? [], .. Key?.Sources ?? [], .. Value is null ? [] : new[] { Value }];

        public override FormWeights Pack(LoweringSource source, WeightArena arena)
        {
            // Read for its check alone: the same number on every score changes no weight.
            Key?.ReadBias(source);
            return MixtureWeights.PackAttention(arena, Site.OutFeatures, Children, new AttentionParts(
                Query?.ReadWeight(source), Query?.ReadBias(source), Key is null ? null : Transposed(Key.ReadWeight(source)), Value is null ? null : source.Read(Value), QueriesOutput));
        }

        private float[] Transposed(float[] matrix)
        {
            var transposed = new float[matrix.Length];
            for (var row = 0; row < Site.OutFeatures; row++)
            {
                for (var column = 0; column < Site.OutFeatures; column++)
                {
                    transposed[(column * Site.OutFeatures) + row] = matrix[(row * Site.OutFeatures) + column];
                }
            }

            return transposed;
        }
    }
}
