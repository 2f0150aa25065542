using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += B (s ∘ (A (n ∘ x))), s[i] = λ / (R ‖A[i]‖ ‖B[:, i]‖), norms of at least 1e-4; n are the norms of the base's columns, which the file holds.
/// <b>Shapes</b>: A [R, H], B [O, R], λ [1], n [H]. <b>Source</b>: PEFT, tuners/delora.
/// </summary>
internal sealed class DeLora : IPeftMethod
{
    private const double LeastNorm = 1e-4;

    public string Type => "DELORA";

    public string Forms => "low_rank";

    public string Note => "the norms of the base's columns are in the file";

    public ImmutableArray<string> Options => ["r", "delora_lambda", "module_dropout", "rank_pattern", "lambda_pattern", "init_weights"];

    public ImmutableArray<string> Parts => ["delora_A", "delora_B", "delora_lambda", "delora_w_norm"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rankOf = adapter.RankBySite();
        return module => Lower(module, rankOf(module.Site));
    }

    private static SiteTensors Lower(PeftModule module, int rank)
    {
        var (inFeatures, outFeatures) = (module.Site.InFeatures, module.Site.OutFeatures);
        var (a, b) = (module.Part("delora_A", rank, inFeatures), module.Part("delora_B", outFeatures, rank));
        var (lambda, norms) = (module.Part("delora_lambda", 1), module.Part("delora_w_norm", inFeatures));
        return MadeTensors.Smaller(module.Site, [a, b, lambda, norms], rank, values =>
        {
            var (right, left, columns) = (values.Read(a), values.Read(b), values.Read(norms));
            var strength = values.Read(lambda)[0] / rank;
            for (var i = 0; i < rank; i++)
            {
                var row = right.AsSpan(i * inFeatures, inFeatures);
                var scale = strength / (Norm(row, 0, 1) * Norm(left, i, rank));
                for (var h = 0; h < inFeatures; h++)
                {
                    row[h] *= scale * columns[h];
                }
            }

            return new Factors(left, right);
        });
    }

    private static double Norm(ReadOnlySpan<double> values, int start, int step)
    {
        var sum = 0.0;
        for (var i = start; i < values.Length; i += step)
        {
            sum += values[i] * values[i];
        }

        return Math.Max(Math.Sqrt(sum), LeastNorm);
    }
}
