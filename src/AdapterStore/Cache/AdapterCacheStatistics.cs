namespace AdapterServe.AdapterStore.Cache;

/// <summary>Counters of the cache since the start, and what it holds now.</summary>
/// <param name="Hits">Acquisitions that found the weights in memory.</param>
/// <param name="Loads">Loads begun.</param>
/// <param name="FailedLoads">Loads that ended in an error.</param>
/// <param name="Evictions">Adapters dropped from memory.</param>
/// <param name="PinnedBytes">Weights in use, being loaded, or pinned by hand.</param>
/// <param name="IdleBytes">Weights that no request uses now.</param>
/// <param name="CapacityBytes">The limit on their sum.</param>
/// <param name="Waiting">Loads that wait for room.</param>
public readonly record struct AdapterCacheStatistics(
    long Hits, long Loads, long FailedLoads, long Evictions, long PinnedBytes, long IdleBytes, long CapacityBytes, int Waiting);
