namespace AdapterServe.LoadTest.Tests;

/// <summary>Every tolerance of this project's tests, with its derivation.</summary>
internal static class Tolerances
{
    /// <summary>
    /// Quantile 1 − 1e-6 of the standard normal: Wilson and Hilferty's approximation turns it into the chi-square bound for any degrees of freedom.
    /// Seeds are fixed, so a right generator passes always or, with a chance below 1e-4 over all checks, never.
    /// </summary>
    public const double ChiSquareNormalQuantile = 4.75;

    /// <summary>A histogram's bucket is 1/128 of its lower end wide at most; the percentile is its upper end.</summary>
    public const double HistogramError = 1.0 / 128;

    /// <summary>How much later than asked a timer and a busy machine may act, and still leave the tests' differences of seconds plain.</summary>
    public static readonly TimeSpan Lateness = TimeSpan.FromMilliseconds(400);

    /// <summary>The longest that any test's process or server may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
}
