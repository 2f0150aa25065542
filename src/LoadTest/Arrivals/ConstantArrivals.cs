using System.Globalization;

namespace AdapterServe.LoadTest.Arrivals;

/// <summary>One arrival every 1/rate seconds, the first at once.</summary>
internal sealed class ConstantArrivals(double ratePerSecond) : IArrivals
{
    public IEnumerable<double> Seconds()
    {
        for (var index = 0L; ; index++)
        {
            yield return index / ratePerSecond;
        }
    }

    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"constant arrivals, {ratePerSecond:0.###} requests/s");
}
