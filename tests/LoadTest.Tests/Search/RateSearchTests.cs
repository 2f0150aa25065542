using AdapterServe.LoadTest.Arrivals;
using AdapterServe.LoadTest.Execution;
using AdapterServe.LoadTest.Reports;
using AdapterServe.LoadTest.Search;
using AdapterServe.LoadTest.Tests.Support;
using static AdapterServe.LoadTest.Tests.Support.Plans;

namespace AdapterServe.LoadTest.Tests.Search;

public sealed class RateSearchTests
{
    [Theory]
    [InlineData(1, 37.3)]
    [InlineData(1, 1.01)]
    [InlineData(100, 37.3)]
    [InlineData(64, 64)]
    [InlineData(5, 999)]
    public async Task The_search_closes_in_on_the_capacity(double least, double capacity)
    {
        var report = await Search(least, 1024, 0.05, capacity);
        Assert.InRange(capacity, report.BestRate!.Value, report.Missed!.Value);
        Assert.True(report.Missed / report.BestRate <= 1.05);
        Assert.InRange(report.Probes.Count, 2, 20);
    }

    [Fact]
    public async Task What_the_server_can_always_or_never_do_ends_the_search()
    {
        var always = await Search(1, 50, 0.05, double.MaxValue);
        Assert.Equal((50.0, null), (always.BestRate, always.Missed));
        var never = await Search(8, 50, 0.05, 0);
        Assert.Null(never.BestRate);
        Assert.InRange(never.Probes.Count, 2, 10);
    }

    /// <summary>
    /// A server that takes 20 ms for each request, one after the other: 50 a second. Above that the wait grows by (rate − 50) · 20 ms each
    /// second: at 60/s it passes 300 ms after 1.5 s of the probe's 3, at 100/s after 0.3 s.
    /// </summary>
    [Fact]
    public async Task A_real_servers_capacity_is_found_over_the_socket()
    {
        var service = TimeSpan.FromMilliseconds(20);
        var (turn, free) = (new Lock(), 0L);
        await using var server = await SyntheticServer.StartAsync(async context =>
        {
            TimeSpan wait;
            lock (turn)
            {
                var now = TimeProvider.System.GetTimestamp();
                free = Math.Max(now, free) + (long)(service.TotalSeconds * TimeProvider.System.TimestampFrequency);
                wait = TimeProvider.System.GetElapsedTime(now, free);
            }

            await Task.Delay(wait, context.RequestAborted);
            await SyntheticServer.AnswerAsync(context);
        });
        var slo = new SloLimits { TimeToFirstToken = TimeSpan.FromMilliseconds(300), Share = 0.9 };
        var search = new RateSearch(20, 320, 0.2, async (rate, _) =>
        {
            var recorder = await Runs.AgainstAsync(
                server, Options(arrivals: new ConstantArrivals(rate)),
                new RunOptions { Duration = TimeSpan.FromSeconds(3), Drain = TimeSpan.FromSeconds(10) });
            var report = Runs.Report(recorder, slo);
            return new ProbeResult(rate, 0, 0, report.Slo!.GoodShare, 0, 0, report.Slo.IsMet);
        });
        var found = await search.FindAsync("", TestContext.Current.CancellationToken);
        // Below 50 only the machine's own pauses could miss; from 60 on the server must.
        Assert.InRange(found.BestRate!.Value, 10, 60);
        Assert.InRange(found.Missed!.Value, found.BestRate.Value, 80);
    }

    private static Task<SearchReport> Search(double least, double most, double precision, double capacity) => new RateSearch(
        least, most, precision, (rate, _) => Task.FromResult(new ProbeResult(rate, rate, 0, 1, 0, 0, rate <= capacity)))
            .FindAsync("limits", TestContext.Current.CancellationToken);
}
