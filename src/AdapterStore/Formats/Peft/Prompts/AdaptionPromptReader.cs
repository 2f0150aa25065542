using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
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

    public IEnumerable<AdapterKind> Kinds =>
        [AdapterKind.Exact("adaption_prompt", AdapterKind.Peft("ADAPTION_PROMPT"), "attention_prompt, output_bias", "with the base's weights")];

    public bool Recognises(AdapterFolder folder) => PeftFiles.TypeOf(folder) == "ADAPTION_PROMPT";

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var config = new ConfigValues(folder.Config!.Value);
        RequireKnownOptions(config);
        var weights = baseModel.Weights
            ?? throw StoreErrors.Unservable("base_weights", "LLaMA-Adapter is defined by the base's weights, which are not at hand.");
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
                    "unknown_tensor",
                    $"The tensor '{AdapterNames.Shorten(left.Order(StringComparer.Ordinal).First())}' is not one of the last {layers.Length} layers' prompts and gates.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void RequireKnownOptions(ConfigValues config)
    {
        PeftOptions.RequireServable(config, ["adapter_layers", "adapter_len"]);
        if (config.Text("target_modules") is { } modules && modules != Module)
        {
            throw StoreErrors.Unservable(
                "module_kind", $"'target_modules' is '{AdapterNames.Shorten(modules)}'; on this base LLaMA-Adapter acts on '{Module}'.");
        }
    }

    /// <summary>The paths of the last layers' attention, in the base's order.</summary>
    private static ImmutableArray<string> Layers(ConfigValues config, BaseModel baseModel)
    {
        const string Output = ".o_proj";
        var all = baseModel.Sites.Where(site => site.Path.EndsWith($".{Module}{Output}", StringComparison.Ordinal))
            .Select(site => site.Path[..^Output.Length]).ToList();
        var count = Positive(config, "adapter_layers");
        return count <= all.Count
            ? [.. all.TakeLast(count)]
            : throw StoreErrors.Unservable("option_range", $"'adapter_layers' is {count}, and the base {baseModel.Id} has {all.Count} layers.");
    }

    private static AttentionSites AttentionOf(string layer, BaseModel baseModel)
    {
        Site? Find(string part) => baseModel.FindSite($"{layer}.{part}");
        return Find("q_proj") is { } query && Find("k_proj") is { } key && Find("v_proj") is { } value && Find("o_proj") is { } output
            && query.OutFeatures == query.InFeatures && key.OutFeatures == value.OutFeatures && query.OutFeatures % key.OutFeatures == 0
            && baseModel.HeadSize is var size && size > 0 && key.OutFeatures % size == 0
                ? new AttentionSites(output, key, value, query.OutFeatures / size, size)
                : throw StoreErrors.Unservable(
                    "module_kind",
                    $"The attention of '{layer}' has no heads of the kind that PEFT's LLaMA-Adapter knows: as wide together as the hidden state.");
    }

    private static SafetensorsTensor Take(ITensorSource file, HashSet<string> left, string layer, string part, params ReadOnlySpan<long> shape)
    {
        var name = $"base_model.model.{layer}.{part}";
        if (!file.Tensors.TryGetValue(name, out var tensor))
        {
            throw StoreErrors.Unservable("missing_tensors", $"The file has no tensor '{name}'.");
        }

        left.Remove(name);
        return TensorChecks.Float(tensor, shape);
    }

    private static int Positive(ConfigValues config, string key) => config.RequiredInt(key) is >= 1 and <= MaxLength and var value
        ? value
        : throw StoreErrors.Unservable("option_range", $"'{key}' is {config.RequiredInt(key)}; 1 to {MaxLength} are served.");
}
