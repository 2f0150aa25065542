using System.Globalization;
using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Arrivals;

/// <summary>
/// Independent arrivals: gaps are exponential with mean 1/rate. Several tenants' arrivals together are Poisson again, at the sum of their rates.
/// </summary>
internal sealed class PoissonArrivals(double ratePerSecond, ulong seed) : IArrivals
{
    public IEnumerable<double> Seconds()
    {
        var draws = SplitMix64.For(seed, 0, Aspect.Arrival);
        for (var at = 0.0; ;)
        {
            at += draws.NextExponential() / ratePerSecond;
            yield return at;
        }
    }

    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"Poisson arrivals, {ratePerSecond:0.###} requests/s");
}
