using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>
/// Keeps the current versions of adapters that the registry calls pinned in this server's memory, those of a greater priority first, as far as the cache's limit for pins goes.
/// </summary>
internal sealed class PinnedAdapters : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly WakeUp _changed = new();
    private readonly HashSet<string> _held = new(StringComparer.Ordinal);
    private readonly StoreCore _core;

    public PinnedAdapters(StoreCore core)
    {
        _core = core;
        core.Snapshot.Changed += _changed.Call;
        _changed.Call();
        _ = Task.Run(RunAsync);
    }

    public void Dispose()
    {
        _core.Snapshot.Changed -= _changed.Call;
        _stop.Cancel();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _changed.WaitAsync(_stop.Token).ConfigureAwait(false);
                await HoldAsync(Wanted()).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            // The store is closing.
        }
    }

    private List<AdapterVersion> Wanted() =>
    [
        .. _core.Snapshot.All.Where(entry => entry is { IsPinned: true, Current: { Descriptor: not null, IsQuarantined: false } })
            .OrderByDescending(entry => entry.Current.Descriptor!.Priority).ThenBy(entry => entry.Tenant, StringComparer.Ordinal).ThenBy(entry => entry.Name, StringComparer.Ordinal)
            .SelectMany(entry => Tasks(entry.Current)),
    ];

    private static IEnumerable<AdapterVersion> Tasks(EntryVersion version) => version.Descriptor!.Tasks.IsEmpty
        ? [version.Version]
        : Enumerable.Range(0, version.Descriptor.Tasks.Length).Select(task => version.Version with { Task = task });

    private async Task HoldAsync(List<AdapterVersion> wanted)
    {
        var digests = wanted.Select(version => version.WeightsDigest).ToHashSet(StringComparer.Ordinal);
        foreach (var digest in _held.Where(digest => !digests.Contains(digest)).ToList())
        {
            _core.Cache.Unload(digest);
            _held.Remove(digest);
        }

        foreach (var version in wanted.Where(version => !_held.Contains(version.WeightsDigest)))
        {
            try
            {
                await _core.Cache.PinAsync(version, _stop.Token).ConfigureAwait(false);
                _held.Add(version.WeightsDigest);
            }
            catch (AdapterStoreException)
            {
                // No room among the pins, or a content that can't be loaded: the others may do.
            }
        }
    }
}
