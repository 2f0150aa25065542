using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Cache;

/// <summary>
/// Which idle weights go first: GreedyDual-Size.
/// <b>Semantics</b>: weights that become idle get the priority clock + reload seconds / bytes; the least goes first, of equal ones that which became
/// idle first, and the clock moves to its
/// priority. So what is quick to read back, large or long unused goes before what is slow to make, small or just used, and nothing stays for ever.
/// <b>Effects</b>: the caller serialises; O(log n).
/// <b>Source</b>: Cao and Irani, "Cost-aware WWW proxy caching algorithms", 1997.
/// </summary>
internal sealed class EvictionOrder
{
    private readonly SortedSet<Place> _order = [];
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);
    private double _clock;
    private long _arrivals;

    public int Count => _places.Count;

    public void Add(AdapterWeights weights, double reloadSeconds)
    {
        var place = new Place(_clock + (reloadSeconds / Math.Max(1, weights.Bytes)), _arrivals++, weights.Digest);
        _places.Add(weights.Digest, place);
        _order.Add(place);
    }

    /// <summary>They are used again, or unloaded.</summary>
    public void Remove(string digest)
    {
        if (_places.Remove(digest, out var place))
        {
            _order.Remove(place);
        }
    }

    /// <summary>Takes the first one out to be evicted. <b>Errors</b>: <see cref="InvalidOperationException"/> when there is none.</summary>
    public string Next()
    {
        var first = _order.Count > 0 ? _order.Min : throw new InvalidOperationException("Nothing is idle.");
        _clock = first.Priority;
        Remove(first.Digest);
        return first.Digest;
    }

    private readonly record struct Place(double Priority, long Arrival, string Digest) : IComparable<Place>
    {
        public int CompareTo(Place other) => Priority.CompareTo(other.Priority) is var order and not 0 ? order : Arrival.CompareTo(other.Arrival);
    }
}
