using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += alpha / (init_r + 1e-5) B (E ∘ (A x)); the divisor stays the first rank also where ranks were pruned.
/// <b>Shapes</b>: A [R, H], B [O, R], E [R, 1]; R is what pruning left, 0 where nothing.
/// <b>Source</b>: PEFT, tuners/adalora.
/// </summary>
internal sealed class AdaLora : IPeftMethod
{
    private const double RankGuard = 1e-5;

    public string Type => "ADALORA";

    public string Forms => "low_rank";

    public string Note => "ranks that pruning left; a module pruned to nothing has no form";

    public ImmutableArray<string> Options =>
    [
        "r", "init_r", "target_r", "tinit", "tfinal", "deltaT", "beta1", "beta2", "orth_reg_weight", "total_step", "rank_pattern", "alpha_pattern",
        "lora_alpha", "lora_dropout", "init_lora_weights", "qalora_group_size",
    ];

    public ImmutableArray<string> Parts => ["lora_A", "lora_B", "lora_E"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var firstRank = adapter.Rank("init_r");
        var alpha = adapter.Config.RequiredNumber("lora_alpha");
        var scale = (alpha > 0 ? alpha : firstRank) / (firstRank + RankGuard);
        var kept = Kept(adapter.Config);
        return module => Lower(module, kept.GetValueOrDefault(module.Site.Path, firstRank), scale);
    }

    private static MadeLowRankTensors? Lower(PeftModule module, int rank, double scale)
    {
        var site = module.Site;
        var a = module.Part("lora_A", rank, site.InFeatures);
        var b = module.Part("lora_B", site.OutFeatures, rank);
        var e = module.Part("lora_E", rank, 1);
        return rank == 0 ? null : new MadeLowRankTensors(site, [a, b, e], rank, values =>
        {
            var (right, left, singular) = (values.Read(a), values.Read(b), values.Read(e));
            for (var i = 0; i < right.Length; i++)
            {
                right[i] *= scale * singular[i / site.InFeatures];
            }

            return new Factors(left, right);
        });
    }

    /// <summary>The ranks that pruning left, from lists of true and false under <c>{path}.lora_E</c>.</summary>
    private static Dictionary<string, int> Kept(ConfigValues config)
    {
        const string suffix = ".lora_E";
        var kept = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (key, value) in config.Members("rank_pattern"))
        {
            kept[key.EndsWith(suffix, StringComparison.Ordinal) ? key[..^suffix.Length] : key] = ConfigValues.CountTrue("rank_pattern", value);
        }

        return kept;
    }
}
