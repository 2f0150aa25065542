using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// LoRA, DoRA, VeRA and IA3 as the adapters library has them.
/// <b>Semantics</b>: s = alpha / r. LoRA: y += s B (A x). DoRA: y = m / |W + B A| (y + s B (A x)), the bias scaled and the norm without s. IA3: y = alpha l y.
/// VeRA: y += s b B d A x with full matrices b and d, A and B shared by all modules.
/// <b>Source</b>: the adapters library, methods/lora; on Llama <c>intermediate_lora</c> is down_proj and <c>output_lora</c> is up_proj.
/// </summary>
internal sealed class HubLora : IHubArchitecture
{
    public string Architecture => "lora";

    public string KindOf(ConfigValues config) => IsScale(config) ? "ia3" : IsVera(config) ? "vera" : config.Flag("use_dora") ? "dora" : "lora";

    public IEnumerable<SiteTensors> ReadSites(ConfigValues config, HubAdapter adapter)
    {
        HubOptions.RequireServable(
            config, "selfattn_lora", "intermediate_lora", "output_lora", "r", "alpha", "attn_matrices", "composition_mode", "use_dora", "vera_d", "vera_b", "dtype");
        var rank = PeftAdapter.RequireRank("r", config.IntOr("r", 8));
        var scale = Scale(config, rank, adapter.IgnoresAlpha);
        var mode = config.Text("composition_mode") ?? "add";
        if (mode is not ("add" or "scale") || (mode == "scale" && rank != 1) || (config.Flag("use_dora") && KindOf(config) != "dora"))
        {
            throw PeftAdapter.OutOfRange("composition_mode");
        }

        foreach (var site in Sites(config, adapter))
        {
            foreach (var tensors in At(site, config, adapter, rank, scale))
            {
                yield return tensors;
            }
        }
    }

    private static IEnumerable<SiteTensors> At(Site site, ConfigValues config, HubAdapter adapter, int rank, float scale)
    {
        var module = $"{site.Path}.loras.{adapter.Name}.";
        if (IsScale(config))
        {
            yield return new VectorTensors(site, FormKind.OutputScale, adapter.Tensors.Take(module + "lora_B", site.OutFeatures, 1), scale);
            yield break;
        }

        if (IsVera(config))
        {
            yield return HubVera.At(site, adapter, rank, scale);
            yield break;
        }

        var a = adapter.Tensors.Take(module + "lora_A", rank, site.InFeatures);
        var b = adapter.Tensors.Take(module + "lora_B", site.OutFeatures, rank);
        var lowRank = new LowRankTensors(site, a, b, rank, scale);
        yield return lowRank;
        if (config.Flag("use_dora"))
        {
            yield return new DoraTensors(lowRank, adapter.Tensors.Take(module + "m.weight", site.OutFeatures, 1), FormKind.OutputScale) { NormScale = 1 };
        }
    }

    private static IEnumerable<Site> Sites(ConfigValues config, HubAdapter adapter)
    {
        var attention = config.Find("attn_matrices") is null ? ["q", "v"] : config.Texts("attn_matrices");
        (string Module, bool IsAdapted)[] modules =
        [
            ("self_attn.q_proj", IsAttention("q")), ("self_attn.k_proj", IsAttention("k")), ("self_attn.v_proj", IsAttention("v")),
            ("mlp.up_proj", config.Flag("output_lora")), ("mlp.down_proj", config.Flag("intermediate_lora")),
        ];
        return adapter.LayersOf(config).SelectMany(layer => modules.Where(module => module.IsAdapted).Select(module => adapter.Site($"model.layers.{layer}.{module.Module}")));

        bool IsAttention(string name) => config.FlagOr("selfattn_lora", true) && attention.Contains(name);
    }

    /// <summary>In IA3 alpha itself is the factor.</summary>
    private static float Scale(ConfigValues config, int rank, bool ignoresAlpha)
    {
        var alpha = config.NumberOr("alpha", 8);
        var scale = (float)((ignoresAlpha ? rank : alpha) / (IsScale(config) ? 1 : rank));
        return float.IsFinite(scale) ? scale : throw StoreErrors.Unservable("scale", "alpha over the rank in adapter_config.json is no finite 32-bit number.");
    }

    private static bool IsScale(ConfigValues config) => config.Text("composition_mode") == "scale";

    private static bool IsVera(ConfigValues config) => config.Find("vera_d") is not null || config.Find("vera_b") is not null;
}
