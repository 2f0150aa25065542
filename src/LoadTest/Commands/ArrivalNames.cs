using AdapterServe.LoadTest.Arrivals;

namespace AdapterServe.LoadTest.Commands;

/// <summary>What <c>--arrivals</c> may say.</summary>
internal static class ArrivalNames
{
    public static IArrivals Make(string name, double rate, ulong seed)
    {
        if (!(rate is > 0 and <= 1e6))
        {
            throw new UserErrorException("A rate is more than 0 and at most 1000000 requests a second.");
        }

        return name switch
        {
            "poisson" => new PoissonArrivals(rate, seed),
            "constant" => new ConstantArrivals(rate),
            _ => throw new UserErrorException($"There are no arrivals '{name}'; there are poisson and constant."),
        };
    }
}
