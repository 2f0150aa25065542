using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y = W H₁ … H_R x with reflections Hᵢ = I - 2 uᵢ uᵢᵀ, uᵢ of length one; as a sum y += C Uᵀ x with cᵢ = -2 (W uᵢ + Σ_{j&lt;i} c_j (u_j · uᵢ)).
/// <b>Shapes</b>: U [H, R]. <b>Source</b>: PEFT, tuners/hra; the sum is ours.
/// </summary>
internal sealed class Hra : IPeftMethod
{
    public string Type => "HRA";

    public string Forms => "low_rank, dense";

    public string Note => "with the base's weights";

    public ImmutableArray<string> Options => ["r", "init_weights"];

    public ImmutableArray<string> Parts => ["hra_u"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rank = adapter.Rank();
        return module =>
        {
            var u = module.Part("hra_u", module.Site.InFeatures, rank);
            return MadeTensors.Smaller(module.Site, [u], rank, values => Make(module.Site, rank, values.Read(u), values.BaseWeight(module.Site)));
        };
    }

    private static Factors Make(Site site, int rank, double[] u, float[] weight)
    {
        var (inFeatures, outFeatures) = (site.InFeatures, site.OutFeatures);
        var (left, right) = (new double[outFeatures * rank], new double[rank * inFeatures]);
        for (var i = 0; i < rank; i++)
        {
            var own = right.AsSpan(i * inFeatures, inFeatures);
            Direction(u, i, rank, own);
            for (var o = 0; o < outFeatures; o++)
            {
                var sum = 0.0;
                for (var h = 0; h < inFeatures; h++)
                {
                    sum += weight[(o * inFeatures) + h] * own[h];
                }

                left[(o * rank) + i] = -2 * sum;
            }

            for (var j = 0; j < i; j++)
            {
                var between = -2 * Dot(right.AsSpan(j * inFeatures, inFeatures), own);
                for (var o = 0; o < outFeatures; o++)
                {
                    left[(o * rank) + i] += between * left[(o * rank) + j];
                }
            }
        }

        return new Factors(left, right);
    }

    private static void Direction(double[] u, int column, int rank, Span<double> direction)
    {
        for (var h = 0; h < direction.Length; h++)
        {
            direction[h] = u[(h * rank) + column];
        }

        var length = Math.Sqrt(Dot(direction, direction));
        for (var h = 0; h < direction.Length; h++)
        {
            direction[h] /= length;
        }
    }

    private static double Dot(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        var sum = 0.0;
        for (var i = 0; i < first.Length; i++)
        {
            sum += first[i] * second[i];
        }

        return sum;
    }
}
