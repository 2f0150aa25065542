using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// Bottlenecks behind attention and feed-forward network (Pfeiffer, Houlsby, parallel, AdapterPlus, Compacter), with an invertible adapter at the embedding or without.
/// <b>Semantics</b>: y += after(s (U f(D before(h) + d) + u)); see <see cref="HubPlacement"/> for h. <b>Source</b>: the adapters library, methods/bottleneck and methods/modeling.
/// </summary>
internal sealed class HubBottleneck : IHubArchitecture
{
    /// <summary>torch's default.</summary>
    private const float NormEpsilon = 1e-5f;

    public string Architecture => "bottleneck";

    public string KindOf(ConfigValues config) => config.Flag("phm_layer") ? "compacter" : "bottleneck";

    public IEnumerable<SiteTensors> ReadSites(ConfigValues config, HubAdapter adapter)
    {
        HubOptions.RequireServable(
            config, "mh_adapter", "output_adapter", "cross_adapter", "reduction_factor", "non_linearity", "original_ln_before", "original_ln_after", "ln_before", "ln_after",
            "is_parallel", "scaling", "residual_before_ln", "adapter_residual_before_ln", "inv_adapter", "inv_adapter_reduction_factor", "invertible_adapter", "phm_layer",
            "phm_dim", "factorized_phm_W", "shared_W_phm", "shared_phm_rule", "factorized_phm_rule", "phm_c_init", "phm_init_range", "learn_phm",
            "hypercomplex_nonlinearity", "phm_rank", "phm_bias", "stochastic_depth");
        var options = new HubBottleneckOptions(config, adapter);
        var invertible = HubInvertible.At(options, adapter).ToList();
        foreach (var site in invertible.Where(site => site.Site.Kind == SiteKind.Embedding))
        {
            yield return site;
        }

        foreach (var layer in adapter.LayersOf(config))
        {
            if (config.Flag("mh_adapter"))
            {
                yield return At(options, adapter, layer, "self_attn", "attention_adapters");
            }

            if (config.Flag("output_adapter"))
            {
                yield return At(options, adapter, layer, "mlp", "output_adapters");
            }
        }

        foreach (var site in invertible.Where(site => site.Site.Kind != SiteKind.Embedding))
        {
            yield return site;
        }
    }

    private static BottleneckTensors At(HubBottleneckOptions options, HubAdapter adapter, int layer, string sublayer, string location)
    {
        var name = $"model.layers.{layer}.{location}.adapters.{adapter.Name}.";
        var (hidden, width) = (adapter.HiddenSize, options.WidthIn(layer));
        var linear = options.HasNormBefore ? "adapter_down.1" : "adapter_down.0";
        var down = HubLinear.Take(options.Config, adapter, name + linear, "down", hidden, width);
        var up = HubLinear.Take(options.Config, adapter, name + "adapter_up", "up", width, hidden);
        var before = options.HasNormBefore ? NormBefore(adapter.Tensors, name, hidden) : null;
        var after = options.HasNormAfter ? HubNorm.Take(adapter.Tensors, name + "adapter_norm_after", hidden) : null;
        var scaling = options.Scale is null ? adapter.Tensors.Take(name + "scaling", options.HasChannelScale ? hidden : 1) : null;
        ImmutableArray<SafetensorsTensor> sources = [.. down.Sources, .. up.Sources, .. before?.Sources ?? [], .. after?.Sources ?? [], .. scaling is null ? [] : new[] { scaling }];
        return new BottleneckTensors(adapter.Site($"model.layers.{layer}.{sublayer}"), sources, width, Make) { MadeElements = 2L * width * hidden };

        BottleneckParts Make(LoweringSource source)
        {
            var weights = HubLinear.ReadWeights(source, down, up);
            return new BottleneckParts
            {
                Input = options.Placement.Input,
                Before = before?.Read(source, NormEpsilon),
                Down = weights.Down,
                DownBias = down.ReadBias(source),
                Activation = options.Activation,
                Up = weights.Up,
                UpBias = up.ReadBias(source),
                Scale = options.Scale ?? (options.HasChannelScale ? 1 : source.Read(scaling!)[0]),
                ChannelScale = options.HasChannelScale ? source.Read(scaling!) : null,
                After = after?.Read(source, NormEpsilon),
                AfterNormsOutput = options.Placement.NormsOutput,
            };
        }
    }

    /// <summary>The norm is the first of the layers on the way down, and stands in a torch file under its own name too.</summary>
    private static HubNorm NormBefore(HubTensors tensors, string name, int hidden)
    {
        var (own, listed) = (name + "adapter_norm_before", name + "adapter_down.0");
        if (!tensors.Has(own + ".weight"))
        {
            return HubNorm.Take(tensors, listed, hidden);
        }

        var norm = HubNorm.Take(tensors, own, hidden);
        tensors.TakeCopy(listed + ".weight", norm.Weight);
        tensors.TakeCopy(listed + ".bias", norm.Bias);
        return norm;
    }
}
