using System.Numerics;
using AdapterServe.AdapterServer.Quotas;

namespace AdapterServe.AdapterServer.Tests.Quotas;

/// <summary>The bucket against its definition, in exact numbers.</summary>
public sealed class RateBucketTests
{
    private static readonly BigInteger s_unit = TimeSpan.TicksPerMinute;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(60)]
    [InlineData(1_000_003)]
    [InlineData(int.MaxValue)]
    public void Any_course_of_events_leaves_exactly_what_the_definition_says(int perMinute)
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var bucket = new RateBucket();
            var (model, ticks, taken) = (perMinute * s_unit, 0L, 0L);
            bucket.Update(perMinute, ticks);
            for (var i = 0; i < 200; i++)
            {
                var passed = Pass(random);
                ticks += passed;
                model = BigInteger.Min(model + ((BigInteger)passed * perMinute), perMinute * s_unit);
                bucket.Update(perMinute, ticks);
                Assert.Equal((int)(model / s_unit), bucket.State.Remaining);
                var amount = random.NextInt64(0, perMinute + 1L);
                var wait = bucket.Until(amount);
                Assert.Equal(model >= amount * s_unit, wait == TimeSpan.Zero);
                // Exactly then, and no tick earlier.
                Assert.True(model + ((BigInteger)wait.Ticks * perMinute) >= amount * s_unit);
                Assert.True(wait == TimeSpan.Zero || model + ((BigInteger)(wait.Ticks - 1) * perMinute) < amount * s_unit);
                if (wait == TimeSpan.Zero)
                {
                    bucket.Take(amount);
                    model -= amount * s_unit;
                    taken = amount;
                }
                else if (random.Next(2) == 0)
                {
                    var given = random.NextInt64(0, taken + 1);
                    bucket.Give(given);
                    model = BigInteger.Min(model + (given * s_unit), perMinute * s_unit);
                    taken -= given;
                }
            }
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1000)]
    public void In_no_span_of_time_is_more_taken_than_a_minutes_amount_and_what_came_meanwhile(int perMinute)
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var bucket = new RateBucket();
            var takes = new List<(long Ticks, long Amount)>();
            var ticks = 0L;
            for (var i = 0; i < 150; i++)
            {
                bucket.Update(perMinute, ticks += Pass(random) / 8);
                var amount = random.NextInt64(1, perMinute + 1L);
                if (bucket.Until(amount) == TimeSpan.Zero)
                {
                    bucket.Take(amount);
                    takes.Add((ticks, amount));
                }
            }

            Assert.NotEmpty(takes);
            for (var first = 0; first < takes.Count; first++)
            {
                var sum = BigInteger.Zero;
                for (var last = first; last < takes.Count; last++)
                {
                    sum += takes[last].Amount;
                    Assert.True(sum * s_unit <= (perMinute * s_unit) + ((BigInteger)(takes[last].Ticks - takes[first].Ticks) * perMinute));
                }
            }
        }
    }

    [Fact]
    public void A_limit_that_changes_keeps_what_was_used()
    {
        var bucket = new RateBucket();
        bucket.Update(10, 0);
        bucket.Take(8);
        bucket.Update(100, 0);
        Assert.Equal(92, bucket.State.Remaining);
        bucket.Update(5, 0);
        Assert.Equal(0, bucket.State.Remaining);
        bucket.Update(0, 0);
        Assert.Equal(new RateState(0, 0, TimeSpan.Zero), bucket.State);
        bucket.Update(null, 0);
        bucket.Update(4, 0);
        Assert.Equal(new RateState(4, 4, TimeSpan.Zero), bucket.State);
    }

    [Fact]
    public void A_clock_that_stands_still_or_goes_back_gives_nothing()
    {
        var bucket = new RateBucket();
        bucket.Update(60, 1000);
        bucket.Take(60);
        bucket.Update(60, 1000);
        bucket.Update(60, 0);
        bucket.Update(60, 1000);
        Assert.Equal(new RateState(60, 0, TimeSpan.FromMinutes(1)), bucket.State);
        bucket.Update(60, 1000 + TimeSpan.TicksPerSecond);
        Assert.Equal(1, bucket.State.Remaining);
        bucket.Update(60, long.MaxValue);
        Assert.Equal(60, bucket.State.Remaining);
    }

    /// <summary>Nothing, a tick, moments, and now and then hours.</summary>
    private static long Pass(Random random) => random.Next(6) switch
    {
        0 => 0,
        1 => 1,
        2 => random.NextInt64(0, TimeSpan.TicksPerHour * 100),
        _ => random.NextInt64(0, TimeSpan.TicksPerSecond * 20),
    };
}
