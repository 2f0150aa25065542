using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft.Vectors;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Prompts;

/// <summary>
/// LLaMA-Adapter as PEFT saves it: a prompt and a gate for each of the last layers.
/// <b>Errors</b>: Unservable, one code for each way in which the configuration, the file and the base disagree.
/// </summary>
internal sealed class AdaptionPromptReader : IAdapterReader
{
    private const string Module = "self_attn";
    private const int MaxLength = 1 << 16;

    private static readonly ImmutableArray<string> s_options =
    [
        "peft_type", "peft_version", "task_type", "auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "runtime_config", "adapter_layers", "adapter_len",
        "target_modules",
    ];

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact("adaption_prompt", AdapterKind.Peft("ADAPTION_PROMPT"), "attention_prompt, output_bias", "with the base's weights")];

    public bool Recognises(AdapterFolder folder) => PeftFiles.TypeOf(folder) == "ADAPTION_PROMPT";

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var config = new ConfigValues(folder.Config!.Value);
        RequireKnownOptions(config);
        var weights = baseModel.Weights ?? throw StoreErrors.Unservable("base_weights", "LLaMA-Adapter is defined by the base's weights, which are not at hand.");
        var layers = Layers(config, baseModel);
        var file = PeftFiles.OpenWeights(folder.Files);
        try
        {
            var length = Positive(config, "adapter_len");
            var left = file.Tensors.Keys.ToHashSet(StringComparer.Ordinal);
            var sites = ImmutableArray.CreateBuilder<SiteTensors>();
            foreach (var layer in layers)
            {
                var attention = AttentionOf(layer, baseModel);
                var prompt = Take(file, left, layer, "adaption_prompt", 1, length, attention.Key.InFeatures);
                sites.Add(new AttentionPromptTensors(attention, prompt, Take(file, left, layer, "adaption_gate", 1), length));
                if (weights.TryReadBias(attention.Output, new float[attention.Output.OutFeatures]))
                {
                    sites.Add(new RepeatedBias(attention.Output));
                }
            }

            return left.Count == 0
                ? new AdapterTensors("adaption_prompt", file, sites.ToImmutable())
                : throw StoreErrors.Unservable(
                    "unknown_tensor", $"The tensor '{AdapterNames.Shorten(left.Order(StringComparer.Ordinal).First())}' is not one of the last {layers.Length} layers' prompts and gates.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void RequireKnownOptions(ConfigValues config)
    {
        if (config.Text("target_modules") is { } modules && modules != Module)
        {
            throw StoreErrors.Unservable("module_kind", $"'target_modules' is '{AdapterNames.Shorten(modules)}'; on this base LLaMA-Adapter acts on '{Module}'.");
        }

        foreach (var key in config.MeaningfulKeys().Where(key => !s_options.Contains(key)))
        {
            throw StoreErrors.Unservable(
                "unknown_option", $"The server does not know what '{AdapterNames.Shorten(key)}' in adapter_config.json does; remove it if the adapter computes the same without it.");
        }
    }

    /// <summary>The paths of the last layers' attention, in the base's order.</summary>
    private static ImmutableArray<string> Layers(ConfigValues config, BaseModel baseModel)
    {
        const string Output = ".o_proj";
        var all = baseModel.Sites.Where(site => site.Path.EndsWith($".{Module}{Output}", StringComparison.Ordinal)).Select(site => site.Path[..^Output.Length]).ToList();
        var count = Positive(config, "adapter_layers");
        return count <= all.Count
            ? [.. all.TakeLast(count)]
            : throw StoreErrors.Unservable("option_range", $"'adapter_layers' is {count}, and the base {baseModel.Id} has {all.Count} layers.");
    }

    private static AttentionSites AttentionOf(string layer, BaseModel baseModel)
    {
        if (baseModel.FindSite(layer + ".q_proj") is { } query && baseModel.FindSite(layer + ".k_proj") is { } key && baseModel.FindSite(layer + ".v_proj") is { } value
            && baseModel.HeadSize is var size && size > 0 && query.OutFeatures % size == 0 && key.OutFeatures % size == 0 && key.OutFeatures == value.OutFeatures
            && query.OutFeatures == query.InFeatures && query.OutFeatures % key.OutFeatures == 0)
        {
            return new AttentionSites(baseModel.FindSite(layer + ".o_proj")!, key, value, query.OutFeatures / size, size);
        }

        throw StoreErrors.Unservable("module_kind", $"The attention of '{layer}' has no heads of the kind that PEFT's LLaMA-Adapter knows: as wide together as the hidden state.");
    }

    private static SafetensorsTensor Take(ITensorSource file, HashSet<string> left, string layer, string part, params ReadOnlySpan<long> shape)
    {
        var name = $"base_model.model.{layer}.{part}";
        if (!file.Tensors.TryGetValue(name, out var tensor))
        {
            throw StoreErrors.Unservable("missing_tensors", $"The file has no tensor '{name}'.");
        }

        left.Remove(name);
        return SafetensorsTypes.IsFloat(tensor.DType)
            ? TensorShape.Require(tensor, shape)
            : throw StoreErrors.Unservable("dtype", $"The tensor '{AdapterNames.Shorten(name)}' is {tensor.DType}; adapters are served from f32, bf16 and f16.");
    }

    private static int Positive(ConfigValues config, string key) => config.RequiredInt(key) is >= 1 and <= MaxLength and var value
        ? value
        : throw StoreErrors.Unservable("option_range", $"'{key}' is {config.RequiredInt(key)}; 1 to {MaxLength} are served.");
}
