using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Cache;

/// <summary>Finds what a cache knows of a content, whichever of its tasks, without looking at the others. <b>Effects</b>: the caller serialises;
/// O(log n).</summary>
internal sealed class WeightsOfContents
{
    private readonly SortedSet<string> _digests = new(StringComparer.Ordinal);

    public void Add(string weightsDigest) => _digests.Add(weightsDigest);

    public void Remove(string weightsDigest) => _digests.Remove(weightsDigest);

    public string[] Of(string digest) => [.. _digests.GetViewBetween(digest, WeightsDigest.LastOf(digest))];
}
