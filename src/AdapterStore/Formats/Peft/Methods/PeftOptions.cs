using System.Collections.Frozen;
using System.Collections.Immutable;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>Options that every PEFT configuration may have, and the rule for all others: what the server does not know must say nothing.</summary>
internal static class PeftOptions
{
    private static readonly FrozenSet<string> Common = FrozenSet.Create(
        StringComparer.Ordinal,
        "peft_type", "peft_version", "task_type", "auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "target_modules", "exclude_modules",
        "layers_to_transform", "layers_pattern", "fan_in_fan_out", "bias", "megatron_config", "megatron_core", "runtime_config");

    public static void RequireServable(ConfigValues config, ImmutableArray<string> known)
    {
        if (config.Text("bias") is not (null or "none"))
        {
            throw StoreErrors.Unservable("bias", "Trained biases of the base are not served yet; train with bias=\"none\".");
        }

        foreach (var key in config.MeaningfulKeys())
        {
            if (key == "modules_to_save")
            {
                throw StoreErrors.Unservable("modules_to_save", "Whole modules beside an adapter of this type are not served yet; train without modules_to_save.");
            }

            if (!Common.Contains(key) && !known.Contains(key, StringComparer.Ordinal))
            {
                throw StoreErrors.Unservable(
                    "unknown_option",
                    $"The server does not know what '{AdapterNames.Shorten(key)}' in adapter_config.json does; remove it if the adapter computes the same without it.");
            }
        }
    }
}
