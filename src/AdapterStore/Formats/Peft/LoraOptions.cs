using System.Collections.Frozen;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// Which options of a LoRA configuration change what it computes, and why such a file is refused. Options that the server has never heard of
/// are harmless only while they say nothing: null, false, 0 or empty.
/// </summary>
internal static class LoraOptions
{
    /// <summary>Read by the manifest, or without effect on inference.</summary>
    private static readonly FrozenSet<string> Harmless = FrozenSet.Create(
        StringComparer.Ordinal,
        "peft_type", "peft_version", "task_type", "auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "r", "lora_alpha", "lora_dropout",
        "rank_pattern", "alpha_pattern", "use_rslora", "target_modules", "exclude_modules", "modules_to_save", "layers_to_transform", "layers_pattern",
        "use_dora", "lora_bias", "fan_in_fan_out", "init_lora_weights", "bias", "megatron_config", "megatron_core", "loftq_config", "eva_config", "corda_config", "lora_ga_config",
        "qalora_group_size", "runtime_config", "use_bdlora", "trainable_token_indices", "ensure_weight_tying", "alora_invocation_tokens");

    /// <summary>Before what Unsloth notes about its own training.</summary>
    private const string TrainersMark = "unsloth_";

    /// <summary>Options that turn a plain LoRA into something else, each with its code and what to do.</summary>
    private static readonly (string Key, string Code, string Reason)[] Refused =
    [
        ("kasa_config", "kasa", "KaSA truncates the smallest singular values of the base's weights, so its base can't be shared; train without kasa_config."),
        ("layer_replication", "layer_replication", "layer_replication changes the base's depth, so the base can't be shared; train without it."),
        ("target_parameters", "target_parameters", "LoRA on bare parameters is not served yet; target modules instead."),
        ("use_qalora", "qalora", "QALoRA pools the inputs of a quantised base; train with use_qalora=False."),
        ("arrow_config", "arrow", "Arrow routes between many adapters of its own; upload one plain LoRA."),
        ("monteclora_config", "monteclora", "MonteCLoRA samples its weights; train without monteclora_config."),
    ];

    /// <summary>Starts that leave the base's weights alone.</summary>
    private static readonly FrozenSet<string> HarmlessStarts = FrozenSet.Create(StringComparer.Ordinal, "gaussian", "eva", "orthogonal", "mica", "true", "false");

    /// <summary>Starts that change the base's weights: valid on the shared base only after PEFT's conversion, which rewrites this option to true.</summary>
    private static readonly string[] MutatingStarts = ["pissa", "olora", "corda", "loftq", "lora_ga"];

    /// <summary>What is refused, or served after conversion alone.</summary>
    public static IEnumerable<AdapterKind> Kinds =>
    [
        .. MutatingStarts.Select(start => new AdapterKind(
            "lora", AdapterKind.Peft("LORA", $"init_lora_weights={start}"), "low_rank", KindStatus.Converted,
            $"by `save_pretrained(..., path_initial_model_for_weight_conversion=...)`; refused as trained (`unconverted_{start}`)")),
        .. Refused.Select(option => AdapterKind.Refused("lora", AdapterKind.Peft("LORA", option.Key), option.Code, option.Reason)),
    ];

    public static void RequireServable(ConfigValues values)
    {
        foreach (var (key, code, reason) in Refused)
        {
            if (values.IsMeaningful(key) || (key.EndsWith("_config", StringComparison.Ordinal) && values.Find(key) is not null))
            {
                throw StoreErrors.Unservable(code, reason);
            }
        }

        var isActivated = values.Find("alora_invocation_tokens") is not null;
        if (isActivated && (values.Flag("use_dora") || values.IsMeaningful("use_bdlora") || values.Text("bias") is not (null or "none")))
        {
            throw StoreErrors.Unservable("alora", "Activated LoRA together with use_dora, use_bdlora or trained biases is not served; train without them.");
        }

        RequireSharedBase(values);
        foreach (var key in values.MeaningfulKeys())
        {
            if (!Harmless.Contains(key) && !key.StartsWith(TrainersMark, StringComparison.Ordinal) && !Array.Exists(Refused, refused => refused.Key == key))
            {
                throw StoreErrors.Unservable(
                    "unknown_option",
                    $"The server does not know what '{AdapterNames.Shorten(key)}' in adapter_config.json does; remove it if the adapter computes the same without it.");
            }
        }
    }

    private static void RequireSharedBase(ConfigValues values)
    {
        if (values.Find("init_lora_weights") is not { ValueKind: System.Text.Json.JsonValueKind.String })
        {
            _ = values.Flag("init_lora_weights");
            return;
        }

        var start = values.Text("init_lora_weights")!;
        var lower = start.ToLowerInvariant();
        if (HarmlessStarts.Contains(lower))
        {
            return;
        }

        if (MutatingStarts.FirstOrDefault(name => lower.StartsWith(name, StringComparison.Ordinal)) is { } mutating)
        {
            throw StoreErrors.Unservable(
                "unconverted_" + mutating,
                $"The adapter was trained from init_lora_weights '{AdapterNames.Shorten(start)}', which changes the base's weights; convert it with save_pretrained(..., path_initial_model_for_weight_conversion=...).");
        }

        throw StoreErrors.Unservable(
            "unknown_init", $"The server does not know whether init_lora_weights '{AdapterNames.Shorten(start)}' changes the base's weights; save the adapter with a start that does not.");
    }
}
