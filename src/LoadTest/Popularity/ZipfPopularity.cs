using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Popularity;

/// <summary>The k-th adapter, counted from 1, with probability k^-α / Σ j^-α.</summary>
internal sealed class ZipfPopularity(int count, double alpha) : IPopularity
{
    private readonly WeightedChoice _choice = new(Enumerable.Range(1, count).Select(rank => Math.Pow(rank, -alpha)));

    public int? Choose(long index, ref SplitMix64 draws) => _choice.Draw(ref draws);
}
