using AdapterServe.LoadTest.Randomness;
using AdapterServe.LoadTest.Recording;

namespace AdapterServe.LoadTest.Tests.Recording;

public sealed class LatencyHistogramTests
{
    public static TheoryData<string> Distributions => ["uniform", "exponential", "lognormal", "two peaks", "constant", "small"];

    [Theory]
    [MemberData(nameof(Distributions))]
    public void Percentiles_are_those_of_the_sorted_values_within_a_bucket(string distribution)
    {
        var values = Values(distribution);
        var histogram = new LatencyHistogram();
        foreach (var value in values)
        {
            histogram.Record(value);
        }

        Array.Sort(values);
        foreach (var share in new[] { 1e-9, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0 })
        {
            var exact = values[Math.Clamp((int)Math.Ceiling(share * values.Length) - 1, 0, values.Length - 1)];
            Assert.InRange(histogram.Percentile(share), exact, exact + (Tolerances.HistogramError * exact));
        }

        Assert.Equal(values[^1], histogram.Max);
        Assert.Equal(values[^1], histogram.Percentile(1));
        Assert.Equal(values.Average(), histogram.Mean, 1e-6 * values[^1]);
        Assert.Equal(values.Length, histogram.Buckets().Sum(bucket => bucket.Count));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(long.MaxValue)]
    public void A_single_value_is_every_percentile(long value)
    {
        var histogram = new LatencyHistogram();
        histogram.Record(value);
        Assert.Equal(value, histogram.Percentile(0.01));
        Assert.Equal(value, histogram.Percentile(1));
        Assert.Equal([(value, 1L)], histogram.Buckets());
    }

    [Fact]
    public void Bucket_ends_ascend_over_all_sizes()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(long.MaxValue);
        for (var value = 1L; value < long.MaxValue / 3; value = (value * 3 / 2) + 1)
        {
            histogram.Record(value);
        }

        var ends = histogram.Buckets().Select(bucket => bucket.UpperEnd).ToArray();
        Assert.Equal(ends.Order(), ends);
        Assert.Equal(ends.Distinct(), ends);
    }

    [Fact]
    public void Nothing_recorded_is_zero_everywhere()
    {
        var histogram = new LatencyHistogram();
        Assert.Equal((0, 0, 0.0), (histogram.Percentile(0.99), histogram.Max, histogram.Mean));
        Assert.Empty(histogram.Buckets());
    }

    private static long[] Values(string distribution)
    {
        var draws = new SplitMix64(11);
        return [.. Enumerable.Range(0, 50_000).Select(_ => distribution switch
        {
            "uniform" => draws.NextInt(0, 10_000_000),
            "exponential" => (long)(draws.NextExponential() * 50_000),
            "lognormal" => (long)(Math.Exp(2 * draws.NextNormal()) * 10_000),
            "two peaks" => draws.NextInt(0, 100) == 0 ? 1_000_000 + draws.NextInt(0, 1000) : 2000 + draws.NextInt(0, 100),
            "constant" => 123_456L,
            _ => draws.NextInt(0, 300),
        })];
    }
}
