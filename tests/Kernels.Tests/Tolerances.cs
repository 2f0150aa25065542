namespace AdapterServe.Kernels.Tests;

/// <summary>
/// Bounds on the distance between a kernel and its reference. u = 2^-24 is the unit roundoff of f32; a chain of n roundings
/// has relative error below n u / (1 - n u) of the sum of magnitudes (Higham, Accuracy and Stability, section 3.1).
/// </summary>
internal static class Tolerances
{
    private const double UnitRoundoff = 1.0 / (1 << 24);

    /// <summary>Exp: stated as 2 units in the last place; without fused multiply-add the reduction loses one more.</summary>
    public const double ExpUlps = 3;

    /// <summary>Tanh as 1 - 2 / (e + 1): the quotient is at most 2, off by 3 ulp of e, one of the sum, one of the quotient: 2.5e-7, and the difference rounds once.</summary>
    public const double Tanh = 4e-7;

    /// <summary>Erfc by 7.1.26, within 1.5e-7; five products and sums of at most 1.1, the quotient and e^-x^2, whose square rounds: 4 more roundings of 1 and 3 ulp.</summary>
    public const double Erfc = 6e-7;

    /// <summary>The contract of LogSumExp.</summary>
    public const double LogSumExp = 1e-6;

    /// <summary>
    /// A dot product of H terms: H products and sums in lanes and tree, at most (H / 16 + 16) + 4 roundings deep in each chain; two per step
    /// where multiply and add round apart.
    /// </summary>
    public static double Dot(int length, double magnitude) => Chain(2 * ((length / 16) + 21), magnitude);

    /// <summary>One chain over all terms, plus start and store.</summary>
    public static double Chain(int length, double magnitude) => length * UnitRoundoff / (1 - (length * UnitRoundoff)) * magnitude;

    /// <summary>
    /// Shrink, scale, expand: the error of A x is carried through |B|, then a chain over R. <paramref name="magnitude"/> is
    /// |y| + |scale| |B| |A| |x|.
    /// </summary>
    public static double LowRank(int inFeatures, int rank, double magnitude) =>
        Dot(inFeatures, magnitude) + Chain((2 * rank) + 4, magnitude);

    /// <summary>
    /// A x is off by d, hence s = a / |a| by (1 + sqrt R) d / |a|, which moves a weight by a factor e^(+-2 that / temperature), as do the sum of R exponentials and
    /// the exponentials themselves; weights sum up to at most 1. Then a chain over R with factors in [-1, 1]; <paramref name="weighted"/> is |w a| in the sum norm.
    /// </summary>
    public static double GatedRanks(int inFeatures, int rank, double temperature, double magnitude, double length, double weighted)
    {
        var inner = Dot(inFeatures, magnitude);
        var activation = ((1 + Math.Sqrt(rank)) * inner / length) + (2 * UnitRoundoff);
        return inner + (((2 * activation / temperature) + Chain(rank + 8, 1)) * weighted) + Chain((2 * rank) + 4, weighted);
    }

    /// <summary>Each factor is a chain over a block's inputs; <paramref name="magnitude"/> is |x| |R| through all factors.</summary>
    public static double InputRotation(int blockSize, int factors, double magnitude) => factors * Chain((2 * blockSize) + 2, magnitude);

    /// <summary>Two products of values in [-1, 1] and their sum, each rounded once.</summary>
    public const double OutputRotation = 4 * UnitRoundoff;

    /// <summary>An output with at most so many elements: products and sums of a chain, the chains' sum, and y.</summary>
    public static double Sparse(int elements, double magnitude) => Chain((2 * elements) + 4, magnitude);

    /// <summary>Rows of an embedding: R numbers scaled, R products and sums of one chain that starts at y, or as many stored elements.</summary>
    public static double EmbeddingRows(int terms, double magnitude) => Chain((3 * terms) + 1, magnitude);

    /// <summary>The sum of squares, halved by the root, then mean, epsilon, root, quotient and two products: relative to the result.</summary>
    public static double RmsNorm(int width, double magnitude) => Chain(((2 * width) / 2) + 8, magnitude);

    /// <summary>Sum, sum of squares and their tree, mean, epsilon, root, quotient, difference, two products and a sum; a difference from the mean is off by that of the mean.</summary>
    public static double LayerNorm(int width, double magnitude) => Chain((2 * width) + 16, magnitude);

    /// <summary>The contract of the activations, which the square of a large number meets relative to itself.</summary>
    public static double Activation(double magnitude) => 5e-7 * Math.Max(1, magnitude * magnitude);

    public static double Dense(int inFeatures, double magnitude) => Chain((2 * inFeatures) + 2, magnitude);

    /// <summary>For each 32 inputs, whose products are summed exactly: two products and a sum. Then the bias.</summary>
    public static double BlockQuantizedProduct(int inFeatures, double magnitude) => Chain((3 * ((inFeatures + 31) / 32)) + 1, magnitude);

    /// <summary>
    /// Attention with values in [-1, 1]: a logit is off by d = (2 D + 8) u |q||k| (rotation, scale, chain), which moves each softmax weight by a factor
    /// e^(+-2 d); exp adds 3 ulp, the weighted sum and the total a chain over a chunk and one over the chunks.
    /// </summary>
    public static double Attention(int headSize, int context, double logitMagnitude)
    {
        var logit = Chain((2 * headSize) + 8, logitMagnitude);
        return (2 * logit) + Chain((2 * Math.Min(context, 64)) + (4 * ((context / 64) + 1)) + 16, 2);
    }

    /// <summary>
    /// What a new key adds that is held in bf16: its f32 bits may round to the other neighbour, 2^-8 of a component of at most sqrt 2. With two such components the logit
    /// moves by 2 * sqrt 2 * sqrt 2 * 2^-8 / sqrt D for a query of the same magnitude, and the output by at most twice that.
    /// </summary>
    public static double RoundedKey(int headSize) => 8 * Math.Pow(2, -8) / Math.Sqrt(headSize);

    /// <summary>The same for integers that are multiples of 1 / 127 of the row's largest.</summary>
    public static double RoundedInt8Key(int headSize) => 8 / 127.0 / Math.Sqrt(headSize);

    /// <summary>
    /// How far attention over integers of 8 bits may stray from that over what was rounded. With components of magnitude 1 (sqrt 2 rotated) a key's
    /// are off by sqrt 2 / 254 each, a logit hence by
    /// at most Scale * sum of |q| * sqrt 2 / 254, whose mean is sqrt D * 0.5 * sqrt 2 / 254 and which a quarter more bounds here; the weights' shift
    /// moves an average of values of magnitude 1 by at
    /// most twice that, and values are off by 1 / 254.
    /// </summary>
    public static double Int8Cache(int headSize) => (2 * Math.Sqrt(headSize) * 0.625 * Math.Sqrt(2) / 254) + (1 / 254.0);

    /// <summary>Relative: the exponential's own 2 units, and half a unit of an exponent of at most 96 twice over, from the difference and the
    /// product: 96 * 2^-23.</summary>
    public const double Weight = (2 + 96) * 1.2e-7;

    /// <summary>As <see cref="Attention"/> over one chunk of so many keys, and the sum with y, both of magnitude 1.</summary>
    public static double AttentionPrompt(int headSize, int keys, double logitMagnitude)
    {
        var logit = Chain((2 * headSize) + 8, logitMagnitude);
        return (2 * logit) + Chain((4 * keys) + 16, 2);
    }
}
