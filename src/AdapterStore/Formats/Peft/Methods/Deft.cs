using System.Collections.Immutable;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += P (R s - max(P, 0)ᵀ W) x with the base's W: a subspace is taken out of the base and another map put in; s = alpha / r where alpha is given.
/// <b>Shapes</b>: P [O, rank], R [rank, H]. <b>Source</b>: PEFT, tuners/deft, decomposition <c>relu</c>.
/// </summary>
internal sealed class Deft : IPeftMethod
{
    public string Type => "DEFT";

    public string Forms => "low_rank, dense";

    public string Note => "with the base's weights; `decomposition_method=\"relu\"`";

    public ImmutableArray<string> Options => ["r", "alpha", "decomposition_method", "init_scale", "init_weights", "deft_dropout"];

    public ImmutableArray<string> Parts => ["deft_P", "deft_R"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rank = adapter.Rank();
        var alpha = adapter.Config.NumberOr("alpha", 0);
        var scale = alpha == 0 ? 1 : alpha / rank;
        if (adapter.Config.Text("decomposition_method") is { } method && method != "relu")
        {
            throw StoreErrors.Unservable("decomposition", $"The decomposition '{AdapterNames.Shorten(method)}' is not served; train with decomposition_method=\"relu\".");
        }

        return module =>
        {
            var site = module.Site;
            var (p, r) = (module.Part("deft_P", site.OutFeatures, rank), module.Part("deft_R", rank, site.InFeatures));
            return MadeTensors.Smaller(site, [p, r], rank, values =>
            {
                var (left, right, weight) = (values.Read(p), Array.ConvertAll(values.Read(r), value => scale * value), values.BaseWeight(site));
                for (var i = 0; i < left.Length; i++)
                {
                    var (row, k) = Math.DivRem(i, rank);
                    var kept = Math.Max(left[i], 0);
                    for (var h = 0; kept > 0 && h < site.InFeatures; h++)
                    {
                        right[(k * site.InFeatures) + h] -= kept * weight[(row * site.InFeatures) + h];
                    }
                }

                return new Factors(left, right);
            });
        };
    }
}
