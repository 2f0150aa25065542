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
}
