using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Popularity;

/// <summary>Each as likely as any other.</summary>
internal sealed class UniformPopularity(int count) : IPopularity
{
    public int? Choose(long index, ref SplitMix64 draws) => draws.NextInt(0, count);
}
