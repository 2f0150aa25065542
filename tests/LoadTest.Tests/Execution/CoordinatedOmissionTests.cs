using AdapterServe.LoadTest.Arrivals;
using AdapterServe.LoadTest.Execution;
using AdapterServe.LoadTest.Sending;
using AdapterServe.LoadTest.Tests.Support;
using static AdapterServe.LoadTest.Tests.Support.Plans;

namespace AdapterServe.LoadTest.Tests.Execution;

public sealed class CoordinatedOmissionTests
{
    private const int Rate = 50;
    private static readonly TimeSpan s_stall = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A server that stalls for a second in three: of 150 requests the 50 that arrive meanwhile wait on average half of it. A client that waited with
    /// sending, and counted from there, would have one slow request.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task A_stall_shows_in_every_request_that_it_kept_waiting(int maxInFlight)
    {
        var started = 0L;
        await using var server = await SyntheticServer.StartAsync(async context =>
        {
            Interlocked.CompareExchange(ref started, TimeProvider.System.GetTimestamp(), 0);
            var left = s_stall + s_stall - TimeProvider.System.GetElapsedTime(started);
            if (left > TimeSpan.Zero && left < s_stall)
            {
                await Task.Delay(left, context.RequestAborted);
            }

            await SyntheticServer.AnswerAsync(context);
        });
        // The stall is from one second after the first request to two.
        var recorder = await Runs.AgainstAsync(
            server, Options(arrivals: new ConstantArrivals(Rate)), new RunOptions { Duration = TimeSpan.FromSeconds(3), MaxInFlight = maxInFlight });
        Assert.Equal(3 * Rate, recorder.Records.Count);
        var waited = recorder.Records.Count(record => record.TimeToFirstTokenUs > s_stall.TotalMicroseconds / 4);
        // Three quarters of the stall's arrivals wait longer than a quarter of it; a busy machine adds to that, never takes away.
        Assert.InRange(waited, Rate * 6 / 10, 3 * Rate);
        Assert.InRange(recorder.TimeToFirstToken.Max, s_stall.TotalMicroseconds * 0.8, (s_stall + Tolerances.Patience).TotalMicroseconds);
        Assert.True(recorder.TimeToFirstToken.Percentile(0.8) > s_stall.TotalMicroseconds / 4);
    }

    [Fact]
    public async Task A_request_that_had_to_wait_for_room_counts_from_its_arrival()
    {
        var sender = new TestSender(async (request, tokens, cancellation) =>
        {
            await Task.Delay(request.Index == 0 ? s_stall : TimeSpan.Zero, cancellation);
            tokens.Tokens(1);
            return new SendOutcome(200);
        });
        var recorder = await Runs.AgainstAsync(sender, Options(arrivals: new ConstantArrivals(10)), new RunOptions { Requests = 5, MaxInFlight = 1 });
        // The last of the five arrives 0.4 s after the first, and waits for the rest of its second.
        foreach (var record in recorder.Records.Skip(1))
        {
            Assert.InRange(record.TimeToFirstTokenUs, 500_000, long.MaxValue);
            Assert.InRange(record.SendDelayUs, 500_000, record.TimeToFirstTokenUs);
        }
    }
}
