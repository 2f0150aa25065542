namespace AdapterServe.Engine.Tests;

/// <summary>Every tolerance of this project's tests, with its derivation.</summary>
internal static class Tolerances
{
    /// <summary>
    /// Greatest |difference| of a log-probability to the reference's float32 run. The reference itself differs from a float64 run by up to 2.3e-5;
    /// the recommendation that comes with the goldens for a float32 re-implementation is 1e-4.
    /// </summary>
    public const double GoldenLogProb = 1e-4;
    /// <summary>
    /// A log-probability is rounded to float once, at magnitudes up to 64 in these tests: half a unit in the last place is 2^-19 ≈ 2e-6.
    /// </summary>
    public const double LogProbability = 4e-6;

    /// <summary>
    /// Quantile 1 − 1e-6 of the standard normal: Wilson and Hilferty's approximation turns it into the chi-square bound for any degrees of freedom.
    /// A right sampler with the tests' fixed seeds is checked some tens of times, so a false alarm has a chance below 1e-4, once and for all.
    /// </summary>
    public const double ChiSquareNormalQuantile = 4.75;
}
