using System.Globalization;
using System.Text.Json;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>What a bottleneck's configuration says of all of its layers. <b>Errors</b>: Unservable <c>option_range</c>, <c>activation</c>, <c>residual</c>.</summary>
internal sealed class HubBottleneckOptions(ConfigValues config, HubAdapter adapter)
{
    private const int MaxWidth = 1 << 16;

    public ConfigValues Config { get; } = config;

    public HubPlacement Placement { get; } = HubPlacement.Of(config);

    public Activation Activation { get; } = HubActivations.Parse(
        config.Text("non_linearity") ?? throw StoreErrors.Malformed("config_missing_key", "adapter_config.json has no 'non_linearity'."), adapter.HasOldActivationNames);

    public bool HasNormBefore { get; } = config.Flag("ln_before");

    public bool HasNormAfter { get; } = config.Flag("ln_after");

    /// <summary>The factor, or null where the file has it: one number, or one for each channel.</summary>
    public float? Scale { get; } = ScaleOf(config);

    public bool HasChannelScale { get; } = config.Find("scaling") is { ValueKind: JsonValueKind.String } && config.Text("scaling") == "channel";

    /// <summary>The inner width in a layer: the base's width over that layer's factor, as Python divides.</summary>
    public int WidthIn(int layer) => Width(adapter.HiddenSize, FactorOf(layer));

    /// <summary>floor(whole / factor), at least 1.</summary>
    public static int Width(int whole, double factor)
    {
        if (factor <= 0)
        {
            throw PeftAdapter.OutOfRange("reduction_factor");
        }

        var width = Math.Max(1, Math.Round((whole - (whole % factor)) / factor));
        return width <= MaxWidth ? (int)width : throw PeftAdapter.OutOfRange("reduction_factor");
    }

    private double FactorOf(int layer)
    {
        if (Config.Find("reduction_factor") is not { ValueKind: JsonValueKind.Object })
        {
            return Config.RequiredNumber("reduction_factor");
        }

        var factors = Config.Object("reduction_factor");
        var key = layer.ToString(CultureInfo.InvariantCulture);
        return factors.Find(key) is null ? factors.RequiredNumber("default") : factors.RequiredNumber(key);
    }

    private static float? ScaleOf(ConfigValues config)
    {
        if (config.Find("scaling") is not { ValueKind: JsonValueKind.String })
        {
            var scale = (float)config.NumberOr("scaling", 1);
            return float.IsFinite(scale) ? scale : throw StoreErrors.Unservable("scale", "'scaling' in adapter_config.json is no finite 32-bit number.");
        }

        return config.Text("scaling") is "learned" or "channel" ? null : throw PeftAdapter.OutOfRange("scaling");
    }
}
