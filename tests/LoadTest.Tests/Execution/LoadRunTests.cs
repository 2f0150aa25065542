using AdapterServe.LoadTest.Arrivals;
using AdapterServe.LoadTest.Execution;
using AdapterServe.LoadTest.Lengths;
using AdapterServe.LoadTest.Reports;
using AdapterServe.LoadTest.Sending;
using AdapterServe.LoadTest.Tests.Support;
using static AdapterServe.LoadTest.Tests.Support.Plans;

namespace AdapterServe.LoadTest.Tests.Execution;

public sealed class LoadRunTests
{
    [Fact]
    public async Task A_closed_loop_never_has_more_requests_on_their_way_than_clients()
    {
        var (now, most) = (0, 0);
        var sender = new TestSender(async (_, tokens, cancellation) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await Task.Delay(2, cancellation);
            tokens.Tokens(1);
            Interlocked.Decrement(ref now);
            return new SendOutcome(200);
        });
        var recorder = await Runs.AgainstAsync(sender, Options(), new RunOptions { Clients = 5, Requests = 100 });
        Assert.Equal(5, most);
        Assert.Equal(Enumerable.Range(0, 100).Select(index => (long)index), recorder.Records.Select(record => record.Request.Index).Order());
    }

    [Fact]
    public async Task A_client_thinks_between_two_requests()
    {
        var plan = Options() with { ThinkMs = new FixedLengths(100) };
        var recorder = await Runs.AgainstAsync(TestSender.Immediate, plan, new RunOptions { Clients = 1, Requests = 4 });
        var starts = recorder.Records.Select(record => record.IntendedUs).ToArray();
        Assert.All(starts.Zip(starts.Skip(1), (one, next) => next - one), gap => Assert.InRange(gap, 100_000, long.MaxValue));
    }

    [Fact]
    public async Task Requests_of_the_warm_up_are_sent_but_not_measured()
    {
        var sent = 0;
        var sender = new TestSender((request, tokens, cancellation) =>
        {
            Interlocked.Increment(ref sent);
            return TestSender.Immediate.SendAsync(request, tokens, cancellation);
        });
        var options = new RunOptions { Warmup = TimeSpan.FromSeconds(0.5), Duration = TimeSpan.FromSeconds(1) };
        var recorder = await Runs.AgainstAsync(sender, Options(arrivals: new ConstantArrivals(40)), options);
        Assert.Equal(60, sent);
        Assert.Equal(Enumerable.Range(20, 40).Select(index => (long)index), recorder.Records.Select(record => record.Request.Index).Order());
        Assert.Equal((500_000, 1_500_000), (recorder.Window.StartUs, recorder.Window.EndUs));

        recorder = await Runs.AgainstAsync(TestSender.Immediate, Options(), new RunOptions { Clients = 1, WarmupRequests = 30, Requests = 7 });
        Assert.Equal([30, 31, 32, 33, 34, 35, 36], recorder.Records.Select(record => record.Request.Index).Order());
        Assert.Equal(7, recorder.WindowTokens);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(3)]
    public async Task An_answer_that_does_not_come_is_unfinished_when_the_run_ends(int? clients)
    {
        var sender = new TestSender(async (_, _, cancellation) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            throw new InvalidOperationException();
        });
        var options = new RunOptions { Clients = clients, Duration = TimeSpan.FromSeconds(0.2), Drain = TimeSpan.FromSeconds(0.2) };
        var recorder = await Runs.AgainstAsync(sender, Options(arrivals: clients is null ? new ConstantArrivals(20) : null), options);
        Assert.Equal(clients ?? 4, recorder.Records.Count);
        Assert.All(recorder.Records, record => Assert.Equal(SendOutcome.Unfinished, record.Outcome.ErrorCode));
        Assert.False(Runs.Report(recorder, new SloLimits { EndToEnd = TimeSpan.FromHours(1) }).Slo!.IsMet);
    }

    [Fact]
    public async Task A_fault_of_the_harness_ends_the_run_and_is_told()
    {
        var sender = new TestSender((_, _, _) => throw new NotSupportedException("a bug"));
        var open = await Assert.ThrowsAsync<NotSupportedException>(
            () => Runs.AgainstAsync(sender, Options(arrivals: new ConstantArrivals(100)), new RunOptions { Duration = TimeSpan.FromHours(1) }));
        Assert.Equal("a bug", open.Message);
        await Assert.ThrowsAsync<NotSupportedException>(() => Runs.AgainstAsync(sender, Options(), new RunOptions { Clients = 1, Requests = 3 }));
    }

    [Fact]
    public async Task Cancelling_reports_what_was_measured()
    {
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(0.5));
        var run = new LoadRun(
            new LoadTest.Plans.LoadPlan(Options(arrivals: new ConstantArrivals(20))), TestSender.Immediate,
            new RunOptions { Duration = TimeSpan.FromHours(1) }, TimeProvider.System);
        await run.ExecuteAsync(enough.Token);
        Assert.InRange(run.Recorder.Records.Count, 5, 3600 * 20);
        Assert.InRange(run.Recorder.Window.Seconds, 0.4, Tolerances.Patience.TotalSeconds);
    }

    [Fact]
    public async Task Throughput_is_what_came_in_the_window_and_goodput_what_was_good_of_it()
    {
        var sender = new TestSender(async (request, tokens, cancellation) =>
        {
            tokens.Tokens(2);
            // Every fourth answer ends late, every fifth request fails.
            await Task.Delay(request.Index % 4 == 0 ? 300 : 0, cancellation);
            tokens.Tokens(1);
            return request.Index % 5 == 0 ? SendOutcome.Failed(500, "x", "y") : new SendOutcome(200, PromptTokens: 7, OutputTokens: 3);
        });
        var report = Runs.Report(
            await Runs.AgainstAsync(sender, Options(), new RunOptions { Clients = 1, Requests = 20 }),
            new SloLimits { EndToEnd = TimeSpan.FromSeconds(0.2), Share = 0.6 });
        Assert.Equal((20, 16, 4), (report.Requests.Measured, report.Requests.Succeeded, report.Requests.Failed));
        // Of the successful ones 4, 8, 12 and 16 are late.
        Assert.Equal(12, report.Requests.Good);
        Assert.Equal(16.0 / 12, report.PerSecond.Requests / report.PerSecond.GoodRequests, 0.01);
        Assert.Equal(60, report.PerSecond.OutputTokens * report.WindowSeconds, 0.5);
        Assert.Equal(16 * 7, report.PerSecond.PromptTokens * report.WindowSeconds, 0.5);
        Assert.Equal((0.6, true), (report.Slo!.GoodShare, report.Slo.IsMet));
        // Two tokens that came together are one arrival, so each answer has one gap.
        Assert.Equal(20, report.Latencies.InterToken.Count);
        Assert.Equal((500, "x", 4L, "y"), (report.Errors[0].Status, report.Errors[0].Code, report.Errors[0].Count, report.Errors[0].Example));
    }
}
