using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Spectra;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: the base's W but for its k greatest singular triplets is taken out, and U S V put in its place: y += (U S V - W + W_k) x. What is taken out does not
/// depend on the signs of singular vectors. <b>Shapes</b>: U [O, n], S [n], V [n, H], n = min(O, H) - k. <b>Source</b>: PEFT, tuners/osf.
/// </summary>
internal sealed class Osf : IPeftMethod
{
    /// <summary>
    /// Relative to the greatest singular value, the distance between the last one kept and the first one replaced below which f32, in which PEFT computes, does not tell them apart.
    /// </summary>
    private const double LeastGap = 1e-5;

    public string Type => "OSF";

    public string Forms => "low_rank, dense";

    public string Note => "with the base's weights";

    public ImmutableArray<string> Options => ["effective_rank", "rank_pattern", "init_weights", "target_svd_config"];

    public ImmutableArray<string> Parts => ["osf_svd_params.U_low", "osf_svd_params.S_low", "osf_svd_params.V_low"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var all = adapter.Config.Find("effective_rank");
        (ModulePattern Pattern, JsonElement Value)[] patterns =
            [.. adapter.Config.Members("rank_pattern").Select(member => (ModulePattern.Anywhere(member.Key), member.Value))];
        return module =>
        {
            var site = module.Site;
            var least = Math.Min(site.InFeatures, site.OutFeatures);
            var own = patterns.FirstOrDefault(entry => entry.Pattern.Matches(site.Path, adapter.Budget));
            var kept = own.Pattern is null ? Kept(all, "effective_rank", least) : Kept(own.Value, "rank_pattern", least);
            return kept < least ? Lower(module, kept, least - kept) : null;
        };
    }

    /// <summary>A number of triplets, or a fraction in (0, 1] of all; half of them without one.</summary>
    private static int Kept(JsonElement? value, string key, int least)
    {
        if (value is not { } given)
        {
            return least / 2;
        }

        var number = ConfigValues.Number(key, given);
        var kept = number is > 0 and <= 1 && given.GetRawText().AsSpan().IndexOfAny(".eE") >= 0 ? (int)(least * number) : ConfigValues.Int(key, given);
        return kept >= 1 ? Math.Min(kept, least) : throw PeftAdapter.OutOfRange(key);
    }

    private static SiteTensors Lower(PeftModule module, int kept, int replaced)
    {
        var site = module.Site;
        var (u, s) = (module.Part("osf_svd_params.U_low", site.OutFeatures, replaced), module.Part("osf_svd_params.S_low", replaced));
        var v = module.Part("osf_svd_params.V_low", replaced, site.InFeatures);
        return MadeTensors.Smaller(site, [u, s, v], 2L * replaced, values =>
        {
            var (left, scale, right) = (values.Read(u), values.Read(s), values.Read(v));
            var (outputs, inputs) = Replaced(DoubleMatrix.Widen(values.BaseWeight(site)), site, kept, replaced);
            var both = new double[site.OutFeatures * 2 * replaced];
            for (var i = 0; i < left.Length; i++)
            {
                var (row, k) = Math.DivRem(i, replaced);
                both[(row * 2 * replaced) + k] = left[i] * scale[k];
                both[(row * 2 * replaced) + replaced + k] = -outputs[i];
            }

            return new Factors(both, [.. right, .. inputs]);
        });
    }

    /// <summary>The base's smallest singular triplets as a product, from the eigenvectors of the smaller of W Wᵀ and Wᵀ W.</summary>
    private static (double[] Outputs, double[] Inputs) Replaced(double[] weight, Site site, int kept, int replaced)
    {
        var (rows, columns) = (site.OutFeatures, site.InFeatures);
        var turned = DoubleMatrix.Transpose(weight, rows, columns);
        var isWide = rows <= columns;
        var size = Math.Min(rows, columns);
        var eigen = SymmetricEigen.Decompose(
            isWide ? DoubleMatrix.Multiply(weight, turned, rows, columns, rows) : DoubleMatrix.Multiply(turned, weight, columns, rows, columns), size);
        if (Root(kept - 1) - Root(kept) < LeastGap * Root(0))
        {
            throw StoreErrors.Unservable("singular", $"The base's singular values {kept} and {kept + 1} of '{site.Path}' are too close to tell which of their vectors the adapter keeps.");
        }

        var vectors = eigen.Vectors.AsSpan(kept * size, replaced * size).ToArray();
        var across = DoubleMatrix.Transpose(vectors, replaced, size);
        return isWide
            ? (across, DoubleMatrix.Multiply(vectors, weight, replaced, rows, columns))
            : (DoubleMatrix.Multiply(weight, across, rows, columns, replaced), vectors);

        double Root(int i) => Math.Sqrt(Math.Max(eigen.Values[i], 0));
    }
}
