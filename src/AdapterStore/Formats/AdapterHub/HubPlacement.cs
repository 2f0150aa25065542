using System.Text.Json;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// What a bottleneck reads and where its residual goes, on a base whose norms stand before the layers: z is the layer's output and u the residual stream that entered its norm.
/// <b>Semantics</b>: the library's result must be u + z + what the bottleneck adds, or u + after(z + what it adds); anything else is refused.
/// </summary>
/// <param name="Input">What feeds the bottleneck.</param>
/// <param name="NormsOutput">Whether the norm of its own norms the sum instead of what is added.</param>
/// <param name="AddsResidual">Whether u comes in with the bottleneck's own residual and not behind it.</param>
internal sealed record HubPlacement(BottleneckInput Input, bool NormsOutput, bool AddsResidual)
{
    public static HubPlacement Of(ConfigValues config)
    {
        var addsResidualAfter = config.FlagOr("original_ln_after", true);
        if (config.Flag("is_parallel"))
        {
            return addsResidualAfter ? new HubPlacement(BottleneckInput.Input, NormsOutput: false, AddsResidual: false) : throw Refused();
        }

        if (config.Find("residual_before_ln") is { ValueKind: JsonValueKind.String })
        {
            throw StoreErrors.Unservable("residual", "residual_before_ln=\"post_add\" has no meaning on a base whose norms stand before its layers.");
        }

        var addsResidualBefore = config.Flag("original_ln_before");
        var carriesResidual = addsResidualBefore && !config.FlagOr("residual_before_ln", true);
        var normsOutput = config.Flag("ln_after") && config.Flag("adapter_residual_before_ln");
        return carriesResidual != addsResidualAfter && !(carriesResidual && normsOutput)
            ? new HubPlacement(addsResidualBefore ? BottleneckInput.Sum : BottleneckInput.Output, normsOutput, carriesResidual)
            : throw Refused();
    }

    private static AdapterStoreException Refused() => StoreErrors.Unservable(
        "residual", "original_ln_before, original_ln_after and residual_before_ln add the residual stream twice, or not at all, on a base whose norms stand before its layers.");
}
