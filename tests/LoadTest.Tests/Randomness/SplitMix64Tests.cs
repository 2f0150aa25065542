using AdapterServe.LoadTest.Randomness;
using AdapterServe.LoadTest.Tests.Support;

namespace AdapterServe.LoadTest.Tests.Randomness;

public sealed class SplitMix64Tests
{
    [Fact]
    public void The_generator_gives_the_published_numbers()
    {
        var draws = new SplitMix64(1234567);
        ulong[] published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        Assert.Equal(published, published.Select(_ => draws.Next()));
    }

    [Fact]
    public void Neighbouring_requests_and_aspects_draw_independently()
    {
        var pairs = Enumerable.Range(0, 16_000).Select(index =>
        {
            var (first, next, other) = (
                SplitMix64.For(3, index, Aspect.Adapter), SplitMix64.For(3, index + 1, Aspect.Adapter), SplitMix64.For(3, index, Aspect.Tenant));
            return (first.NextInt(0, 4) * 16) + (next.NextInt(0, 4) * 4) + other.NextInt(0, 4);
        });
        ChiSquare.AssertFits([.. Enumerable.Repeat(1.0 / 64, 64)], ChiSquare.Count(64, pairs));
    }

    [Fact]
    public void Weights_are_the_probabilities_and_zero_is_never_drawn()
    {
        var choice = new WeightedChoice([1, 0, 3, 4]);
        var draws = new SplitMix64(5);
        var counts = ChiSquare.Count(4, Enumerable.Range(0, 8000).Select(_ => choice.Draw(ref draws)));
        Assert.Equal(0, counts[1]);
        ChiSquare.AssertFits([1.0 / 8, 3.0 / 8, 4.0 / 8], [counts[0], counts[2], counts[3]]);
    }
}
