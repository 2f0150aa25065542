using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Cache;

/// <summary>
/// Lowered weights in host memory, keyed by content digest and task and sized in bytes.
/// <b>Semantics</b>: each content is loaded once however many requests want it; weights with a lease stay; idle ones leave in <see
/// cref="EvictionOrder"/>;
/// a load for which everything else is in use waits its turn for room, first come first served. Pinned + idle bytes never exceed the capacity, but
/// for
/// an adapter that is larger by itself: it is loaded when nothing else is in memory, and leaves with its last lease. A load that has waited for <see
/// cref="Patience"/> is not kept
/// waiting by new requests for what is in use: those wait, once, until it has its room, for which the leases given out before need to end.
/// <b>Effects</b>: any thread; loads run on <see cref="LoadThreads"/>; a cancelled wait leaves the load to the others.
/// <b>Errors</b>: what the load reports, to everyone who waits for it; the next acquisition tries again.
/// </summary>
public sealed partial class AdapterCache : IDisposable
{
    /// <summary>How long requests for what is in use go before a load that waits for its room.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Func<string, AdapterWeights> _load;
    private readonly Func<string, CancellationToken, Task>? _fetch;
    private readonly Dictionary<string, CacheEntry> _inUse = new(StringComparer.Ordinal);
    private readonly LinkedList<CacheEntry> _waiting = new();
    private readonly WeightsOfContents _contents = new();
    private readonly ReloadCosts _costs = new();
    private readonly LoadThreads _threads = new(LoadThreads.DefaultCount);
    private readonly IdleWeights _idle;
    private long _pinnedBytes;
    private long _pinnedByHandBytes;
    private long _hits;
    private long _loads;
    private long _failedLoads;
    private long _evictions;
    private bool _disposed;

    /// <param name="capacityBytes">The limit on all weights together.</param>
    /// <param name="load">Reads and lowers the weights that a digest names, see <see cref="AdapterVersion.WeightsDigest"/>.</param>
    /// <param name="time">For tests.</param>
    /// <param name="fetch">Brings a content's files to where <paramref name="load"/> reads them, so that no thread that loads waits for another machine.</param>
    internal AdapterCache(long capacityBytes, Func<string, AdapterWeights> load, TimeProvider? time = null, Func<string, CancellationToken, Task>? fetch = null)
    {
        _fetch = fetch;
        CapacityBytes = capacityBytes;
        _time = time ?? TimeProvider.System;
        _load = load;
        _idle = new IdleWeights(capacityBytes);
    }

    public long CapacityBytes { get; }

    public AdapterCacheStatistics Statistics
    {
        get
        {
            lock (_gate)
            {
                return new AdapterCacheStatistics(_hits, _loads, _failedLoads, _evictions, _pinnedBytes, _disposed ? 0 : _idle.Bytes, CapacityBytes, _waiting.Count);
            }
        }
    }

    /// <summary>Whether the weights with the digest are in memory or on their way there.</summary>
    public bool Contains(string weightsDigest)
    {
        lock (_gate)
        {
            return _inUse.ContainsKey(weightsDigest) || (!_disposed && _idle.Contains(weightsDigest));
        }
    }

    /// <summary>The weights of a version, kept in memory until the lease is disposed. Completes at once when they are there.</summary>
    public ValueTask<AdapterLease> AcquireAsync(AdapterVersion version, CancellationToken cancellationToken) =>
        AcquireAsync(version, holdsOthers: false, cancellationToken);

    /// <param name="version">What to load.</param>
    /// <param name="holdsOthers">The caller has leases that others may be waiting for, so it waits for as little as possible: it goes to the head of
    /// the line.</param>
    /// <param name="cancellationToken">The client went away.</param>
    internal ValueTask<AdapterLease> AcquireAsync(AdapterVersion version, bool holdsOthers, CancellationToken cancellationToken) =>
        _fetch is null || Contains(version.WeightsDigest) ? AcquireHereAsync(version, holdsOthers, cancellationToken) : FetchAndAcquireAsync(_fetch, version, holdsOthers, cancellationToken);

    private ValueTask<AdapterLease> AcquireHereAsync(AdapterVersion version, bool holdsOthers, CancellationToken cancellationToken) =>
        AcquireAsync(version.WeightsDigest, version.WeightBytes, () => _load(version.WeightsDigest), holdsOthers, cancellationToken);

    private async ValueTask<AdapterLease> FetchAndAcquireAsync(
        Func<string, CancellationToken, Task> fetch, AdapterVersion version, bool holdsOthers, CancellationToken cancellationToken)
    {
        try
        {
            await fetch(version.Digest, cancellationToken).ConfigureAwait(false);
        }
        catch (AdapterStoreException failure) when (failure.Kind is AdapterErrorKind.NotFound or AdapterErrorKind.Unservable)
        {
            // What the files are to blame for the load finds out as well, and is watched for it.
        }

        return await AcquireHereAsync(version, holdsOthers, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for weights that are no version's: <paramref name="load"/> brings them where they are not there.</summary>
    internal ValueTask<AdapterLease> AcquireAsync(
        string weightsDigest, long bytes, Func<AdapterWeights> load, bool holdsOthers, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!holdsOthers && KeptWaitingBy(weightsDigest) is { } first)
            {
                return AcquireAfterAsync(first.Passed.Task, weightsDigest, bytes, load, cancellationToken);
            }
        }

        return AcquireNow(weightsDigest, bytes, load, holdsOthers, cancellationToken);
    }

    private async ValueTask<AdapterLease> AcquireAfterAsync(
        Task turn, string weightsDigest, long bytes, Func<AdapterWeights> load, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await AcquireNow(weightsDigest, bytes, load, ahead: false, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<AdapterLease> AcquireNow(
        string weightsDigest, long bytes, Func<AdapterWeights> load, bool ahead, CancellationToken cancellationToken)
    {
        CacheEntry entry;
        lock (_gate)
        {
            entry = Use(weightsDigest, bytes, load, ahead);
            if (entry.Weights is { } weights)
            {
                _hits++;
                return new ValueTask<AdapterLease>(LeaseOf(entry, weights));
            }
        }

        return AwaitAsync(entry, cancellationToken);
    }

    /// <summary>Brings a version into memory without keeping it there.</summary>
    public async Task LoadAsync(AdapterVersion version, CancellationToken cancellationToken)
    {
        using var _ = await AcquireAsync(version, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Brings a version into memory and keeps it until <see cref="Unload"/>.
    /// <b>Errors</b>: Conflict (<c>pin_limit</c>) when the pinned adapters would take more than half of the cache, which would starve the others.
    /// </summary>
    public async Task PinAsync(AdapterVersion version, CancellationToken cancellationToken)
    {
        using var lease = await AcquireAsync(version, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            var entry = _inUse[version.WeightsDigest];
            if (entry.PinnedByHand)
            {
                return;
            }

            if (_pinnedByHandBytes + entry.Bytes > CapacityBytes / 2)
            {
                throw new AdapterStoreException(
                    AdapterErrorKind.Conflict, "pin_limit", "Pinned adapters would take more than half of the adapter cache; unload another one or start the server with a larger cache.");
            }

            entry.PinnedByHand = true;
            entry.DropWhenIdle = false;
            entry.Uses++;
            _pinnedByHandBytes += entry.Bytes;
        }
    }

    /// <summary>Drops weights from memory, at once or when their last lease ends, and undoes <see cref="PinAsync"/>.</summary>
    public void Unload(string weightsDigest)
    {
        lock (_gate)
        {
            if (_inUse.TryGetValue(weightsDigest, out var entry))
            {
                entry.DropWhenIdle = true;
                if (entry.PinnedByHand)
                {
                    entry.PinnedByHand = false;
                    _pinnedByHandBytes -= entry.Bytes;
                    Release(entry);
                }
            }
            else if (!_disposed && _idle.Take(weightsDigest) is { } weights)
            {
                Evict(weights);
                GrantRoom();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _idle.Dispose();
            foreach (var entry in _waiting)
            {
                entry.Loaded.TrySetException(Closed());
                entry.Passed.TrySetResult();
            }

            _waiting.Clear();
        }

        _threads.Dispose();
    }

    /// <summary>Drops the weights of all tasks of a content.</summary>
    internal void UnloadContent(string digest)
    {
        lock (_gate)
        {
            foreach (var weightsDigest in _contents.Of(digest))
            {
                Unload(weightsDigest);
            }
        }
    }

    /// <summary>Weights that are in memory now, or null.</summary>
    internal AdapterLease? TryAcquire(string weightsDigest)
    {
        lock (_gate)
        {
            var isThere = _inUse.TryGetValue(weightsDigest, out var known) ? known.Weights is not null : !_disposed && _idle.Contains(weightsDigest);
            return isThere && Use(weightsDigest, 0, () => _load(weightsDigest), ahead: false) is { Weights: { } weights } entry
                ? LeaseOf(entry, weights)
                : null;
        }
    }

    /// <summary>Keeps weights that were made elsewhere if there is room beside what is in use; frees them otherwise. Ownership passes to the cache.</summary>
    internal void Offer(AdapterWeights weights)
    {
        lock (_gate)
        {
            var mayFit = !_disposed && _waiting.Count == 0 && weights.Bytes <= CapacityBytes - _pinnedBytes;
            if (mayFit && !_inUse.ContainsKey(weights.Digest) && !_idle.Contains(weights.Digest) && TryMakeRoom(weights.Bytes))
            {
                _contents.Add(weights.Digest);
                _idle.Add(weights, _costs.Learn(weights));
                return;
            }
        }

        weights.Dispose();
    }

    private static ObjectDisposedException Closed() => new(nameof(AdapterCache));

    /// <summary>The load that has waited too long for weights in use to be given out once more.</summary>
    private CacheEntry? KeptWaitingBy(string weightsDigest) =>
        _waiting.First is { Value: var first } && first.Digest != weightsDigest && _time.GetElapsedTime(first.Arrived) >= Patience
        && _inUse.TryGetValue(weightsDigest, out var entry) && entry is { Weights: not null, PinnedByHand: false } ? first : null;

    private CacheEntry Use(string weightsDigest, long bytes, Func<AdapterWeights> load, bool ahead)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_inUse.TryGetValue(weightsDigest, out var entry))
        {
            entry.Uses++;
            entry.DropWhenIdle = false;
            return entry;
        }

        if (_idle.Take(weightsDigest) is { } weights)
        {
            entry = new CacheEntry(weightsDigest, weights.Bytes, load) { Weights = weights, Uses = 1 };
            entry.Loaded.SetResult(weights);
            _pinnedBytes += weights.Bytes;
            _inUse.Add(weightsDigest, entry);
            return entry;
        }

        entry = new CacheEntry(weightsDigest, Math.Min(bytes, CapacityBytes), load, _time.GetTimestamp()) { Uses = 1 };
        _inUse.Add(weightsDigest, entry);
        _contents.Add(weightsDigest);
        entry.Turn = ahead ? _waiting.AddFirst(entry) : _waiting.AddLast(entry);
        GrantRoom();
        return entry;
    }

    private async ValueTask<AdapterLease> AwaitAsync(CacheEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            var weights = await entry.Loaded.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return LeaseOf(entry, weights);
        }
        catch
        {
            lock (_gate)
            {
                Release(entry);
            }

            throw;
        }
    }

    private AdapterLease LeaseOf(CacheEntry entry, AdapterWeights weights) => new(weights, () =>
    {
        lock (_gate)
        {
            Release(entry);
        }
    });
}
