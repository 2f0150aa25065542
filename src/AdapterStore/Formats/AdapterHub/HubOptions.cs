using System.Collections.Immutable;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>What the server does not know must say nothing.</summary>
internal static class HubOptions
{
    /// <summary>Have no effect on inference, or are read for every method.</summary>
    private static readonly ImmutableArray<string> s_common = ["architecture", "leave_out", "dropout", "init_weights", "init_weights_seed"];

    /// <summary><b>Errors</b>: Unservable <c>unknown_option</c>, <c>gating</c>.</summary>
    public static void RequireServable(ConfigValues config, params ReadOnlySpan<string> known)
    {
        if (config.Flag("use_gating"))
        {
            throw StoreErrors.Unservable(
                "gating", "use_gating averages its gate over all tokens of the sequence, those after a token included, which a decoder can't know; train without gating.");
        }

        foreach (var key in config.MeaningfulKeys())
        {
            if (!s_common.Contains(key) && !known.Contains(key))
            {
                throw StoreErrors.Unservable(
                    "unknown_option", $"The server does not know what '{AdapterNames.Shorten(key)}' in adapter_config.json does; remove it if the adapter computes the same without it.");
            }
        }
    }
}
