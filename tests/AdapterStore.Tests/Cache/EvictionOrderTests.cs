using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Cache;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Cache;

public sealed class EvictionOrderTests
{
    [Fact]
    public void The_order_is_that_of_a_plain_scan_over_ten_thousand_adapters()
    {
        var random = new Random(1);
        var order = new EvictionOrder();
        var idle = new Dictionary<string, (double Priority, int Arrival)>();
        var clock = 0.0;
        for (var i = 0; i < 11_000; i++)
        {
            var weights = Make($"sha256:{i}", 64 * random.Next(1, 5));
            var seconds = random.Next(1, 4);
            order.Add(weights, seconds);
            idle.Add(weights.Digest, (clock + ((double)seconds / weights.Bytes), i));
            if (random.Next(5) == 0)
            {
                var used = idle.Keys.ElementAt(random.Next(Math.Min(idle.Count, 100)));
                order.Remove(used);
                idle.Remove(used);
            }

            // The scan is slow, so the order is followed where it has grown long.
            if (i > 10_800)
            {
                var first = idle.MinBy(entry => entry.Value);
                clock = first.Value.Priority;
                Assert.Equal(first.Key, order.Next());
                idle.Remove(first.Key);
            }
        }

        Assert.Equal(idle.Count, order.Count);
    }

    [Fact]
    public void An_empty_order_has_nothing_to_give() => Assert.Throws<InvalidOperationException>(() => new EvictionOrder().Next());

    [Fact]
    public void Reload_times_are_smoothed_and_remembered_for_a_bounded_number_of_adapters()
    {
        var costs = new ReloadCosts();
        Assert.Equal(4, costs.Learn(Make("sha256:a", 64, seconds: 4)));
        Assert.Equal(3, costs.Learn(Make("sha256:a", 64, seconds: 2)));
        for (var i = 0; i < ReloadCosts.Capacity; i++)
        {
            costs.Learn(Make($"sha256:{i}", 64, seconds: 1));
        }

        Assert.Equal((0, 1), (costs.Of("sha256:a"), costs.Of("sha256:0")));
    }

    /// <summary>Freed by its finaliser.</summary>
    private static AdapterWeights Make(string digest, long bytes, double seconds = 0)
    {
        var arena = new WeightArena();
        unsafe
        {
            arena.Allocate(bytes);
        }

        return new AdapterWeights(digest, [], arena) { LoadTime = TimeSpan.FromSeconds(seconds) };
    }
}
