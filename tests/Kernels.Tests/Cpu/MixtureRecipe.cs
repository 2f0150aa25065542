using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>A mixture before it is packed. Attention may be null: then the factors count.</summary>
internal sealed record MixtureRecipe(BottleneckInput Input, BottleneckParts[] Children, float[] Factors, float Carry, AttentionParts? Attention)
{
    public MixtureWeights Pack(WeightArena arena, int width)
    {
        BottleneckWeights[] children = [.. Children.Select(child => BottleneckWeights.Pack(arena, width, width, child))];
        return Attention is null
            ? MixtureWeights.Of(width, Input, [.. children], [.. Factors], Carry)
            : MixtureWeights.PackAttention(arena, width, children.Length, Attention).Over(Input, [.. children]);
    }

    /// <summary>
    /// The reference's row, and how far a kernel may be from it. With bottlenecks off by d, a score t . b is off by |t| d, by |b| times t's error, and by the product's own;
    /// a softmax weight by twice that, and V carries the mixed row's error by its largest row sum.
    /// </summary>
    public (double[] Row, double Tolerance) Expect(double[] x, double[] y)
    {
        double[] h = Input switch { BottleneckInput.Input => x, BottleneckInput.Output => y, _ => [.. x.Zip(y, (a, b) => a + b)] };
        var outputs = Array.ConvertAll(Children, child => Output(child, h));
        var (error, largest, width) = (Children.Max(child => Bound(child, h)), outputs.Max(output => output.Max(Math.Abs)), y.Length);
        if (Attention is null)
        {
            var factors = Factors.Sum(factor => Math.Abs((double)factor));
            var row = Reference.Mixture.Weighted(y, outputs, Carry, Array.ConvertAll(Factors, factor => (double)factor));
            return (row, (factors * error) + Tolerances.Chain((2 * Children.Length) + 4, (factors * largest) + (Math.Abs(Carry) * y.Max(Math.Abs))));
        }

        var q = Attention.QueriesOutput ? y : h;
        var (query, key, value) = (RowSum(Attention.Query), RowSum(Attention.KeyTransposed), RowSum(Attention.Value));
        var queried = (query * q.Max(Math.Abs)) + (Attention.QueryBias?.Max(Math.Abs) ?? 0);
        var t = key * queried;
        var tError = (key * Tolerances.Dense(width + 1, queried)) + Tolerances.Dense(width, t) + Tolerances.Chain(1, t);
        var scoreError = (width * ((t * error) + (largest * tError))) + Tolerances.Dot(width, width * t * largest);
        var mixedError = error + (2 * Children.Length * scoreError * largest) + Tolerances.Chain((4 * Children.Length) + 16, largest);
        return (
            Reference.Mixture.Attended(y, q, outputs, Attention.Query, Attention.QueryBias, Attention.KeyTransposed, Attention.Value),
            (value * mixedError) + Tolerances.Dense(width, (value * largest) + y.Max(Math.Abs)));
    }

    private static double[] Output(BottleneckParts child, double[] h)
    {
        double[][] rows = [new double[h.Length]];
        Reference.Bottleneck.Add(child, [h], rows);
        return rows[0];
    }

    private static double Bound(BottleneckParts child, double[] h) => BottleneckBound.Of(child, [h], [new double[h.Length]]);

    private static double RowSum(float[]? matrix) => matrix is null
        ? 1
        : matrix.Chunk((int)Math.Sqrt(matrix.Length)).Max(row => row.Sum(value => (double)Math.Abs(value)));
}
