namespace AdapterServe.LoadTest.Search;

/// <summary>
/// Finds the highest rate that meets the limits. <b>Semantics</b>: a ramp doubles the rate from <paramref name="least"/> until a run misses, or
/// halves it until one meets; then the middle between the two is tried until they are within <paramref name="precision"/> of each other. Never above
/// <paramref name="most"/>.
/// </summary>
/// <param name="least">Requests a second of the first run.</param>
/// <param name="most">Requests a second.</param>
/// <param name="precision">Relative, e.g. 0.05.</param>
/// <param name="probe">Runs at a rate.</param>
internal sealed class RateSearch(double least, double most, double precision, Func<double, CancellationToken, Task<ProbeResult>> probe)
{
    private const int MostHalvings = 6;
    private readonly List<ProbeResult> _probes = [];
    private double? _met;
    private double? _missed;

    public async Task<SearchReport> FindAsync(string limits, CancellationToken cancellation)
    {
        await RampAsync(cancellation);
        while (_met is { } met && _missed is { } missed && missed > met * (1 + precision) && !cancellation.IsCancellationRequested)
        {
            await TryAsync((met + missed) / 2, cancellation);
        }

        return new SearchReport(limits, _met, _missed, _probes);
    }

    private async Task RampAsync(CancellationToken cancellation)
    {
        var rate = Math.Min(least, most);
        await TryAsync(rate, cancellation);
        while (_missed is null && rate < most && !cancellation.IsCancellationRequested)
        {
            rate = Math.Min(2 * rate, most);
            await TryAsync(rate, cancellation);
        }

        for (var halvings = 0; _met is null && halvings < MostHalvings && !cancellation.IsCancellationRequested; halvings++)
        {
            rate /= 2;
            await TryAsync(rate, cancellation);
        }
    }

    private async Task TryAsync(double rate, CancellationToken cancellation)
    {
        var result = await probe(rate, cancellation);
        if (cancellation.IsCancellationRequested)
        {
            // Cut off by the user: it says nothing.
            return;
        }

        _probes.Add(result);
        if (result.IsMet)
        {
            _met = rate;
        }
        else
        {
            _missed = rate;
        }
    }
}
