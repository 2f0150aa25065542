using AdapterServe.AdapterStore.Adapters;
using Microsoft.Extensions.Caching.Memory;

namespace AdapterServe.AdapterStore.Cache;

/// <summary>
/// The weights that no request uses, sized in bytes, least recently used first to go.
/// <b>Effects</b>: the caller serialises; an evicted adapter's memory is freed on the thread pool.
/// </summary>
internal sealed class IdleWeights(long capacityBytes) : IDisposable
{
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = capacityBytes, TrackStatistics = true });

    public long Bytes => _cache.GetCurrentStatistics()!.CurrentEstimatedSize!.Value;

    public int Count => _cache.Count;

    public IEnumerable<string> Digests => _cache.Keys.Cast<string>();

    public bool Contains(string digest) => _cache.TryGetValue(digest, out _);

    public void Add(AdapterWeights weights)
    {
        var slot = new Slot(weights);
        using var entry = _cache.CreateEntry(weights.Digest);
        entry.Size = weights.Bytes;
        entry.Value = slot;
        entry.RegisterPostEvictionCallback(static (_, value, _, _) => ((Slot)value!).Free());
    }

    /// <summary>Takes the weights out for use, or returns null.</summary>
    public AdapterWeights? Take(string digest)
    {
        if (!_cache.TryGetValue(digest, out Slot? slot))
        {
            return null;
        }

        var weights = slot!.Take();
        _cache.Remove(digest);
        return weights;
    }

    /// <summary>Drops one adapter; false when it is not here.</summary>
    public bool Drop(string digest)
    {
        var present = _cache.TryGetValue(digest, out Slot? _);
        _cache.Remove(digest);
        return present;
    }

    /// <summary>Drops the least recently used adapter.</summary>
    public void DropOldest()
    {
        // Compact counts entries by rounding share x count down; one and a half entries' share is always one entry.
        _cache.Compact(Math.Min(1.0, 1.5 / _cache.Count));
    }

    public void Dispose()
    {
        _cache.Compact(1.0);
        _cache.Dispose();
    }

    /// <summary>Tells weights that went back into use from those that nobody wants any more.</summary>
    private sealed class Slot(AdapterWeights weights)
    {
        private AdapterWeights? _weights = weights;

        public AdapterWeights Take() => Interlocked.Exchange(ref _weights, null)!;

        public void Free() => Interlocked.Exchange(ref _weights, null)?.Dispose();
    }
}
