using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Cache;

/// <summary>One adapter's place in the cache. Every member is guarded by the cache's lock but <see cref="Loaded"/> and <see
/// cref="Passed"/>.</summary>
internal sealed class CacheEntry(string digest, long bytes, Func<AdapterWeights> load, long arrived = 0)
{
    /// <summary>See <see cref="AdapterVersion.WeightsDigest"/>.</summary>
    public string Digest { get; } = digest;

    /// <summary>Brings the weights, see <see cref="LoadThreads"/>.</summary>
    public Func<AdapterWeights> Load { get; } = load;

    /// <summary>What is counted against the capacity: an estimate until the weights are there.</summary>
    public long Bytes { get; set; } = bytes;

    /// <summary>Requests that hold or await the weights, the running load and a pin included. At 0 the entry becomes idle.</summary>
    public int Uses { get; set; }

    public bool PinnedByHand { get; set; }

    /// <summary>Its place in the line for room; null once the load has been given its bytes.</summary>
    public LinkedListNode<CacheEntry>? Turn { get; set; }

    /// <summary>When it came into that line, as a timestamp.</summary>
    public long Arrived { get; } = arrived;

    /// <summary>Completes when it leaves that line, with room or without.</summary>
    public TaskCompletionSource Passed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Drop the weights instead of keeping them idle.</summary>
    public bool DropWhenIdle { get; set; }

    public AdapterWeights? Weights { get; set; }

    /// <summary>Completes with the load; its continuations run elsewhere.</summary>
    public TaskCompletionSource<AdapterWeights> Loaded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
