using AdapterServe.AdapterStore.Adapters;
using Microsoft.Extensions.Caching.Memory;

namespace AdapterServe.AdapterStore.Cache;

/// <summary>
/// The weights that no request uses, sized in bytes; <see cref="EvictionOrder"/> says which of them go first.
/// <b>Effects</b>: the caller serialises and frees what it takes out.
/// </summary>
internal sealed class IdleWeights(long capacityBytes) : IDisposable
{
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = capacityBytes });
    private readonly EvictionOrder _order = new();

    public long Bytes { get; private set; }

    public int Count => _order.Count;

    public bool Contains(string digest) => _cache.TryGetValue(digest, out _);

    /// <param name="weights">Fit beside the others.</param>
    /// <param name="reloadSeconds">See <see cref="ReloadCosts"/>.</param>
    public void Add(AdapterWeights weights, double reloadSeconds)
    {
        _cache.Set(weights.Digest, weights, new MemoryCacheEntryOptions { Size = weights.Bytes, Priority = CacheItemPriority.NeverRemove });
        _order.Add(weights, reloadSeconds);
        Bytes += weights.Bytes;
    }

    /// <summary>Takes the weights out, or returns null.</summary>
    public AdapterWeights? Take(string digest)
    {
        if (!_cache.TryGetValue(digest, out AdapterWeights? weights))
        {
            return null;
        }

        _order.Remove(digest);
        _cache.Remove(digest);
        Bytes -= weights!.Bytes;
        return weights;
    }

    /// <summary>Takes out the weights that go first; there are some.</summary>
    public AdapterWeights TakeFirst() => Take(_order.Next())!;

    public void Dispose()
    {
        while (Count > 0)
        {
            TakeFirst().Dispose();
        }

        _cache.Dispose();
    }
}
