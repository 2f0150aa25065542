using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Cache;

/// <summary>
/// What it takes to bring weights back, smoothed over their loads, since one load's time says as much about the machine's other work as about the
/// adapter.
/// <b>Units</b>: seconds. <b>Effects</b>: the caller serialises; remembers the last <see cref="Capacity"/> adapters, those that left memory included.
/// </summary>
internal sealed class ReloadCosts
{
    public const int Capacity = 1 << 14;

    private const double Newest = 0.5;
    private readonly Dictionary<string, double> _seconds = new(StringComparer.Ordinal);
    private readonly Queue<string> _firstSeen = new();

    /// <summary>Takes a load in and returns what the next one is expected to take.</summary>
    public double Learn(AdapterWeights weights)
    {
        var measured = weights.LoadTime.TotalSeconds;
        if (_seconds.TryGetValue(weights.Digest, out var known))
        {
            return _seconds[weights.Digest] = (Newest * measured) + ((1 - Newest) * known);
        }

        if (_firstSeen.Count == Capacity)
        {
            _seconds.Remove(_firstSeen.Dequeue());
        }

        _firstSeen.Enqueue(weights.Digest);
        return _seconds[weights.Digest] = measured;
    }

    public double Of(string digest) => _seconds.GetValueOrDefault(digest);
}
