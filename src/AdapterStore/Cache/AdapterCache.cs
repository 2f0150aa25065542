using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Cache;

/// <summary>
/// Lowered weights in host memory, keyed by content digest and task and sized in bytes.
/// <b>Semantics</b>: each content is loaded once however many requests want it; weights with a lease stay; idle ones leave least recently used first;
/// a load for which everything else is in use waits its turn for room, first come first served. Pinned + idle bytes never exceed the capacity.
/// <b>Effects</b>: any thread; loads run on the thread pool; a cancelled wait leaves the load to the others.
/// <b>Errors</b>: what the load reports, to everyone who waits for it; the next acquisition tries again.
/// </summary>
public sealed class AdapterCache : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Func<string, AdapterWeights> _load;
    private readonly Dictionary<string, CacheEntry> _inUse = new(StringComparer.Ordinal);
    private readonly LinkedList<CacheEntry> _waiting = new();
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
    internal AdapterCache(long capacityBytes, Func<string, AdapterWeights> load)
    {
        CapacityBytes = capacityBytes;
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
        AcquireAsync(version.WeightsDigest, version.WeightBytes, () => _load(version.WeightsDigest), cancellationToken);

    /// <summary>
    /// The same exactly as the file has them, for computations on the weights; they take room of their own where others are held.
    /// <b>Errors</b>: also TooLarge (<c>adapter_too_large</c>) where the cache has room for the held ones alone.
    /// </summary>
    internal ValueTask<AdapterLease> AcquireExactAsync(AdapterVersion version, CancellationToken cancellationToken)
    {
        var bytes = version.ExactBytes ?? version.WeightBytes;
        if (version.ExactBytes > CapacityBytes)
        {
            throw StoreErrors.TooLarge(
                "adapter_too_large",
                $"Exactly as its file has it '{version.Name}' needs {bytes} bytes, the whole adapter cache has {CapacityBytes}; start the server with a larger cache.");
        }

        return AcquireAsync(version.ExactDigest, bytes, () => _load(version.ExactDigest), cancellationToken);
    }

    /// <summary>The same for weights that are no version's: <paramref name="load"/> brings them where they are not there.</summary>
    internal ValueTask<AdapterLease> AcquireAsync(string weightsDigest, long bytes, Func<AdapterWeights> load, CancellationToken cancellationToken)
    {
        CacheEntry entry;
        lock (_gate)
        {
            entry = Use(weightsDigest, bytes, load);
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
            else if (_idle.Drop(weightsDigest))
            {
                _evictions++;
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
            }

            _waiting.Clear();
        }
    }

    /// <summary>Drops the weights of all tasks of a content.</summary>
    internal void UnloadContent(string digest)
    {
        lock (_gate)
        {
            foreach (var weightsDigest in _inUse.Keys.Concat(_idle.Digests).Where(key => WeightsDigest.IsOf(key, digest)).ToList())
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
            return isThere && Use(weightsDigest, 0, () => _load(weightsDigest)) is { Weights: { } weights } entry ? LeaseOf(entry, weights) : null;
        }
    }

    /// <summary>Keeps weights that were made elsewhere if there is room beside what is in use; frees them otherwise. Ownership passes to the cache.</summary>
    internal void Offer(AdapterWeights weights)
    {
        lock (_gate)
        {
            if (!_disposed && _waiting.Count == 0 && !_inUse.ContainsKey(weights.Digest) && !_idle.Contains(weights.Digest) && TryMakeRoom(weights.Bytes))
            {
                _idle.Add(weights);
                return;
            }
        }

        weights.Dispose();
    }

    private static ObjectDisposedException Closed() => new(nameof(AdapterCache));

    private CacheEntry Use(string weightsDigest, long bytes, Func<AdapterWeights> load)
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

        entry = new CacheEntry(weightsDigest, Math.Min(bytes, CapacityBytes), load) { Uses = 1, WaitsForRoom = true };
        _inUse.Add(weightsDigest, entry);
        _waiting.AddLast(entry);
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

    /// <summary>Serves waiting loads in their order. What idle adapters give up stays with the first in line, so that it gets ahead.</summary>
    private void GrantRoom()
    {
        while (_waiting.First is { } first && TryMakeRoom(first.Value.Bytes))
        {
            _waiting.RemoveFirst();
            var entry = first.Value;
            entry.WaitsForRoom = false;
            entry.Uses++;
            _pinnedBytes += entry.Bytes;
            _loads++;
            _ = Task.Run(() => Load(entry));
        }
    }

    private bool TryMakeRoom(long bytes)
    {
        while (_pinnedBytes + _idle.Bytes + bytes > CapacityBytes)
        {
            if (_idle.Count == 0)
            {
                return false;
            }

            _idle.DropOldest();
            _evictions++;
        }

        return true;
    }

    private void Load(CacheEntry entry)
    {
        try
        {
            var weights = entry.Load();
            lock (_gate)
            {
                Settle(entry, weights);
            }

            entry.Loaded.SetResult(weights);
        }
        catch (Exception error)
        {
            lock (_gate)
            {
                _failedLoads++;
                _inUse.Remove(entry.Digest);
                _pinnedBytes -= entry.Bytes;
                entry.Bytes = 0;
                GrantRoom();
            }

            entry.Loaded.SetException(error);
            // Nobody may be waiting any more; the failure must not surface as an unobserved one.
            _ = entry.Loaded.Task.Exception;
        }
        finally
        {
            lock (_gate)
            {
                Release(entry);
            }
        }
    }

    /// <summary>Replaces the estimate by what the weights really take.</summary>
    private void Settle(CacheEntry entry, AdapterWeights weights)
    {
        var grown = weights.Bytes - entry.Bytes;
        if (grown > 0 && !_disposed)
        {
            _ = TryMakeRoom(grown);
        }

        _pinnedBytes += grown;
        entry.Bytes = weights.Bytes;
        entry.Weights = weights;
    }

    private void Release(CacheEntry entry)
    {
        if (--entry.Uses > 0)
        {
            return;
        }

        if (entry.WaitsForRoom)
        {
            _waiting.Remove(entry);
            _inUse.Remove(entry.Digest);
            GrantRoom();
            return;
        }

        if (entry.Weights is not { } weights)
        {
            return;
        }

        _inUse.Remove(entry.Digest);
        _pinnedBytes -= entry.Bytes;
        if (_disposed || entry.DropWhenIdle || _pinnedBytes + _idle.Bytes + weights.Bytes > CapacityBytes)
        {
            _evictions++;
            ThreadPool.UnsafeQueueUserWorkItem(static freed => freed.Dispose(), weights, preferLocal: false);
        }
        else
        {
            _idle.Add(weights);
        }

        if (!_disposed)
        {
            GrantRoom();
        }
    }
}
