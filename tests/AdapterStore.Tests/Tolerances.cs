namespace AdapterServe.AdapterStore.Tests;

/// <summary>Every tolerance of this project, each with its derivation.</summary>
internal static class Tolerances
{
    /// <summary>
    /// Of y = scale B (A x) relative to scale sum |B| (|A| |x|), f32 sums of up to 640 products followed by up to 42: each sum's rounding is below
    /// (terms + 2) * 2^-24, together 686 * 6e-8 = 4.1e-5 at the very worst.
    /// </summary>
    public const double LowRankRelative = 5e-5;

    /// <summary>
    /// Outputs of the made vector kinds: sums of up to 20 products below 2^10 in magnitude, 2 * 24 roundings of 2^-24 * 2^10 each: 3e-3.
    /// </summary>
    public const double VectorKind = 3e-3;
}
