namespace AdapterServe.Engine.Tests;

/// <summary>Every tolerance of this project's tests, with its derivation.</summary>
internal static class Tolerances
{
    /// <summary>
    /// Greatest |difference| of a log-probability to the reference's float32 run. The reference itself differs from a float64 run by up to 2.3e-5;
    /// the recommendation that comes with the goldens for a float32 re-implementation is 1e-4.
    /// </summary>
    public const double LogProb = 1e-4;
}
