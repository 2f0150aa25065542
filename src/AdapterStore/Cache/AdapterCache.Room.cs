using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Cache;

/// <content>Who gets room, and what leaves for it. Under the lock, but for the load itself.</content>
public sealed partial class AdapterCache
{
    /// <summary>Serves waiting loads in their order. What idle adapters give up stays with the first in line, so that it gets ahead.</summary>
    private void GrantRoom()
    {
        while (_waiting.First is { } first && TryMakeRoom(first.Value.Bytes))
        {
            _waiting.RemoveFirst();
            var entry = first.Value;
            entry.Turn = null;
            entry.Passed.SetResult();
            entry.Uses++;
            _pinnedBytes += entry.Bytes;
            _loads++;
            _threads.Add(() => Load(entry));
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

            Evict(_idle.TakeFirst());
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
                Forget(entry);
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

        _costs.Learn(weights);
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

        if (entry.Turn is { } turn)
        {
            entry.Passed.TrySetResult();
            if (!_disposed)
            {
                _waiting.Remove(turn);
            }

            Forget(entry);
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
            Evict(weights);
        }
        else
        {
            _idle.Add(weights, _costs.Of(entry.Digest));
        }

        if (!_disposed)
        {
            GrantRoom();
        }
    }

    private void Forget(CacheEntry entry)
    {
        _inUse.Remove(entry.Digest);
        _contents.Remove(entry.Digest);
    }

    /// <summary>Queued before the load that takes the room, so that memory is free before it is taken.</summary>
    private void Evict(AdapterWeights weights)
    {
        _evictions++;
        _contents.Remove(weights.Digest);
        _threads.Add(weights.Dispose);
    }
}
