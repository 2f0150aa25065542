using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Cache;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Composition;

/// <summary>
/// Weights that point into those of several adapters, made once and shared while any request uses them.
/// <b>Semantics</b>: a combination with uses pins all of its adapters in the cache; with the last lease it is forgotten and the pins end.
/// <b>Effects</b>: any thread. One combination at a time collects its pins, ahead of loads that wait for room: none waits while it holds what another
/// waits for.
/// <b>Errors</b>: TooLarge (<c>adapters_too_large</c>) when the adapters together take more than half of the cache; what loading and making report.
/// </summary>
internal sealed class CompositionPool(AdapterCache cache) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _collecting = new(1, 1);
    private readonly Dictionary<string, Entry> _inUse = new(StringComparer.Ordinal);

    /// <param name="digest">Names the combination: equal digests are equal weights.</param>
    /// <param name="versions">The adapters, in any order, also several times the same.</param>
    /// <param name="make">Their weights in that order → the forms at each site.</param>
    /// <param name="cancellationToken">The client went away.</param>
    public async Task<AdapterLease> AcquireAsync(
        string digest, IReadOnlyList<AdapterVersion> versions, Func<AdapterWeights[], FormWeights[]?[]> make, CancellationToken cancellationToken)
    {
        if (TryLease(digest) is { } known)
        {
            return known;
        }

        var pins = await PinAsync(versions, cancellationToken).ConfigureAwait(false);
        try
        {
            return Enter(new AdapterWeights(digest, make(pins.Weights), pins));
        }
        catch
        {
            pins.Dispose();
            throw;
        }
    }

    /// <summary>Keeps all adapters in memory until the result is disposed.</summary>
    /// <param name="versions">The adapters.</param>
    /// <param name="cancellationToken">The client went away.</param>
    public async Task<AdapterPins> PinAsync(IReadOnlyList<AdapterVersion> versions, CancellationToken cancellationToken)
    {
        RequireRoom(versions);
        await _collecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        var leases = new List<AdapterLease>(versions.Count);
        try
        {
            foreach (var version in versions)
            {
                leases.Add(await cache.AcquireAsync(version, holdsOthers: leases.Count > 0, cancellationToken).ConfigureAwait(false));
            }

            return new AdapterPins([.. leases]);
        }
        catch
        {
            leases.ForEach(lease => lease.Dispose());
            throw;
        }
        finally
        {
            _collecting.Release();
        }
    }

    public void Dispose() => _collecting.Dispose();

    private void RequireRoom(IReadOnlyList<AdapterVersion> versions)
    {
        var bytes = versions.DistinctBy(version => version.WeightsDigest).Sum(version => version.WeightBytes);
        if (bytes > cache.CapacityBytes / 2)
        {
            throw StoreErrors.TooLarge(
                "adapters_too_large",
                $"The adapters together need {bytes} bytes and a combination may take half of the cache of {cache.CapacityBytes}; name fewer or start the server with a larger cache.");
        }
    }

    private AdapterLease? TryLease(string digest)
    {
        lock (_gate)
        {
            return _inUse.TryGetValue(digest, out var entry) ? Lease(entry) : null;
        }
    }

    private AdapterLease Enter(AdapterWeights made)
    {
        lock (_gate)
        {
            if (!_inUse.TryGetValue(made.Digest, out var entry))
            {
                _inUse.Add(made.Digest, entry = new Entry(made));
                return Lease(entry);
            }

            made.Dispose();
            return Lease(entry);
        }
    }

    private AdapterLease Lease(Entry entry)
    {
        entry.Uses++;
        return new AdapterLease(entry.Weights, () => Release(entry));
    }

    private void Release(Entry entry)
    {
        lock (_gate)
        {
            if (--entry.Uses > 0)
            {
                return;
            }

            _inUse.Remove(entry.Weights.Digest);
        }

        entry.Weights.Dispose();
    }

    private sealed class Entry(AdapterWeights weights)
    {
        public AdapterWeights Weights { get; } = weights;

        public int Uses { get; set; }
    }
}
