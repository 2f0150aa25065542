using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.KvCache;

namespace AdapterServe.Engine.Scheduling;

/// <summary>
/// From its place <paramref name="Start"/> on, up to the next span, these weights act on a sequence's tokens; null: the base alone.
/// </summary>
internal readonly record struct AdapterSpan(int Start, AdapterWeights? Weights)
{
    /// <summary>What the prefix cache knows the weights by.</summary>
    public BlockHash Digest { get; } = BlockHash.OfDigest(Weights?.Digest);

    /// <summary>
    /// What the weights' forms keep of the span's tokens from step to step, pinned; zero before the first one, null where they keep nothing.
    /// </summary>
    public byte[]? State { get; } =
        Weights is { SequenceStateBytes: > 0 } ? GC.AllocateArray<byte>(checked((int)Weights.SequenceStateBytes), pinned: true) : null;
}
