namespace AdapterServe.AdapterStore.Tests;

/// <summary>Every tolerance of this project, each with its derivation.</summary>
internal static class Tolerances
{
    /// <summary>
    /// Of y = scale B (A x) relative to scale sum |B| (|A| |x|), f32 sums of up to 640 products followed by up to 42: each sum's rounding is below
    /// (terms + 2) * 2^-24, together 686 * 6e-8 = 4.1e-5 at the very worst.
    /// </summary>
    public const double LowRankRelative = 5e-5;

    /// <summary>Sums of up to 640 products below 1 in f64: 642 * 640 * 1.1e-16 = 4.6e-11 at the very worst.</summary>
    public const double Fourier = 5e-11;

    /// <summary>
    /// One entry of a delta on the small base, whose file has values up to 2: f32 rounds each of two factors once and sums at most 12 products below 16,
    /// (12 + 4) * 12 * 16 * 6e-8 = 1.8e-4 at the very worst.
    /// </summary>
    public const double SmallDelta = 2e-4;

    /// <summary>
    /// Outputs of the made vector kinds: sums of up to 20 products below 2^10 in magnitude, 2 * 24 roundings of 2^-24 * 2^10 each: 3e-3.
    /// </summary>
    public const double VectorKind = 3e-3;

    /// <summary>
    /// Sums of five terms on the small base, values up to 2, weights up to 3: at most 2 * 8 products of size 2 * 2 * 8 * 3 in each, 40 roundings of 2^-24 * 400: 1e-3.
    /// </summary>
    public const double SmallSum = 1e-3;

    /// <summary>For each term of a sum of products below 1 in f64: one rounding of 2^-53 of a sum below the number of terms, which is at most 2^11: 2^-42.</summary>
    public const double UnitProduct = 2.3e-13;

    /// <summary>An eigenvalue or vector of matrices of up to 64 with entries up to 1: some 16 n roundings of 2^-53 for each reflection: 64 * 16 * 1.1e-16 = 1.2e-13; ten of it.</summary>
    public const double Eigen = 1.2e-12;

    /// <summary>A singular value as the root of an eigenvalue that is off by 1e-13 of the largest: where the value itself is small 3.2e-7 of the largest.</summary>
    public const double SingularValue = 4e-7;

    /// <summary>What the bound of a truncation adds to the next singular value, of the largest: the root of its noise, sqrt(1.2e-16 * 500 * 9) = 7e-7, and 1.2e-7 for each of up to 6 kept ones.</summary>
    public const double TruncationBound = 1.5e-6;

    /// <summary>Sums of 19 products below 9 of which one factor was rounded to f32: 19 * 9 * 6e-8 = 1e-5.</summary>
    public const double DeltaNorm = 1e-5;

    /// <summary>Below the largest singular value of small random matrices, whose second is at most 0.95 of it: rounds settle at 1e-7, which leaves 1e-7 / (1 - 0.95²); and f32 as above.</summary>
    public const double PowerIteration = 1.1e-5;

    /// <summary>
    /// The largest held error of a small LoRA's sites. bf16 rounds a factor by up to 2^-9 of itself, int8 by up to half of a 127th of a rank's
    /// largest value, which is at most 8 of its root mean
    /// squares: both factors, twice for chance in the estimate. Values of 1/32 up to 2 are exact in bf16. A sign with the mean magnitude leaves all
    /// but some 64 % of a product's square.
    /// </summary>
    public static (double Least, double Most) Held(AdapterWeightFormat format) => format switch
    {
        AdapterWeightFormat.BF16 => (0, 0.008),
        AdapterWeightFormat.Int8 => (1e-4, 0.03),
        _ => (0.1, 1.5),
    };

    /// <summary>Told with six digits, 5e-6, of a value that power iteration leaves 1e-6 below.</summary>
    public const double SixDigits = 1e-5;
}
