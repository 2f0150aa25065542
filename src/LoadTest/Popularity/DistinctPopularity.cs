using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Popularity;

/// <summary>One after the other: n requests in a row have n different adapters.</summary>
internal sealed class DistinctPopularity(int count) : IPopularity
{
    public int? Choose(long index, ref SplitMix64 draws) => (int)(index % count);
}
