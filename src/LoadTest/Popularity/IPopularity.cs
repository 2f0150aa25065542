using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Popularity;

/// <summary>Which of n adapters a request names.</summary>
internal interface IPopularity
{
    /// <summary>The place in [0, n) for request <paramref name="index"/>; null for no adapter.</summary>
    int? Choose(long index, ref SplitMix64 draws);
}
