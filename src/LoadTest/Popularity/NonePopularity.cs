using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Popularity;

/// <summary>The base alone.</summary>
internal sealed class NonePopularity : IPopularity
{
    public int? Choose(long index, ref SplitMix64 draws) => null;
}
