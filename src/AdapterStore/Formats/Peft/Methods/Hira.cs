using System.Collections.Immutable;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary><b>Semantics</b>: y += (W ∘ (B A)) x with the base's W. <b>Shapes</b>: A [R, H], B [O, R]. <b>Source</b>: PEFT, tuners/hira.</summary>
internal sealed class Hira : IPeftMethod
{
    public string Type => "HIRA";

    public string Forms => "dense";

    public string Note => "with the base's weights";

    public ImmutableArray<string> Options => ["r", "hira_dropout", "rank_pattern", "init_weights"];

    public ImmutableArray<string> Parts => ["hira_A", "hira_B"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rankOf = adapter.RankBySite();
        return module =>
        {
            var (site, rank) = (module.Site, rankOf(module.Site));
            var (a, b) = (module.Part("hira_A", rank, site.InFeatures), module.Part("hira_B", site.OutFeatures, rank));
            return new MadeDenseTensors(site, [a, b], DenseMode.Add, values =>
            {
                var delta = DoubleMatrix.Multiply(values.Read(b), values.Read(a), site.OutFeatures, rank, site.InFeatures);
                var weight = values.BaseWeight(site);
                for (var i = 0; i < delta.Length; i++)
                {
                    delta[i] *= weight[i];
                }

                return delta;
            });
        };
    }
}
