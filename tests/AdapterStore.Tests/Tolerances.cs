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
}
