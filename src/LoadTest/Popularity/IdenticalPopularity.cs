using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Popularity;

/// <summary>The first adapter for all.</summary>
internal sealed class IdenticalPopularity : IPopularity
{
    public int? Choose(long index, ref SplitMix64 draws) => 0;
}
