using AdapterServe.GrpcCore.Tests.Support;
using Grpc.AspNetCore.Server.Calls;
using Microsoft.Extensions.DependencyInjection;

namespace AdapterServe.GrpcCore.Tests.Calls;

/// <summary>Calls that end before their handlers do.</summary>
public sealed class DeadlineTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<EchoServer> StartAsync(TimeProvider time) => EchoServer.StartAsync(services: services => services.AddSingleton(time));

    [Fact]
    public async Task A_deadline_ends_the_call_although_its_handler_goes_on()
    {
        var timers = new HeldTimers();
        await using var server = await StartAsync(timers);
        var end = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        server.Behaviour.ServerStream = async (_, replies, context) =>
        {
            context.CancellationToken.Register(cancelled.SetResult);
            await replies.WriteAsync(new EchoReply { Text = "first" });
            timers.GoOff();
            await end.Task;
        };
        var answer = await server.CallAsync("ServerStream", Frames.Of("x"), ("grpc-timeout", "1S"));
        Assert.Equal(["first"], answer.Texts);
        Assert.Equal(4, answer.Status);
        await cancelled.Task.WaitAsync(Cancellation);
        end.SetResult();
    }

    [Fact]
    public async Task A_handler_that_sees_its_cancellation_gives_the_deadlines_status()
    {
        await using var server = await EchoServer.StartAsync();
        server.Behaviour.Unary = async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return new EchoReply();
        };
        Assert.Equal(4, (await server.CallAsync("Unary", Frames.Of("x"), ("grpc-timeout", "20000u"))).Status);
    }

    [Fact]
    public async Task A_deadline_that_is_far_enough_changes_nothing()
    {
        await using var server = await EchoServer.StartAsync();
        var before = TimeProvider.System.GetUtcNow().UtcDateTime;
        DateTime deadline = default;
        server.Behaviour.Unary = (_, context) =>
        {
            deadline = context.Deadline;
            return Task.FromResult(new EchoReply { Text = "in time" });
        };
        var answer = await server.CallAsync("Unary", Frames.Of("x"), ("grpc-timeout", "1H"));
        Assert.Equal((0, "in time"), (answer.Status, Assert.Single(answer.Texts)));
        Assert.InRange(deadline, before.AddHours(1), before.AddHours(1).AddMinutes(5));
    }

    [Fact]
    public async Task A_message_written_after_the_end_fails_in_the_handler()
    {
        var timers = new HeldTimers();
        await using var server = await StartAsync(timers);
        var failure = new TaskCompletionSource<Exception>();
        server.Behaviour.ServerStream = async (_, replies, context) =>
        {
            timers.GoOff();
            await Task.Delay(Timeout.Infinite, context.CancellationToken).ContinueWith(_ => { }, Cancellation);
            failure.SetResult((await Record.ExceptionAsync(() => replies.WriteAsync(new EchoReply(), Cancellation)))!);
        };
        Assert.Equal(4, (await server.CallAsync("ServerStream", Frames.Of("x"), ("grpc-timeout", "1S"))).Status);
        Assert.True(await failure.Task.WaitAsync(Cancellation) is InvalidOperationException or OperationCanceledException);
    }

    [Fact]
    public async Task A_client_that_goes_away_cancels_its_call()
    {
        await using var server = await EchoServer.StartAsync();
        var begun = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        server.Behaviour.Unary = async (_, context) =>
        {
            context.CancellationToken.Register(cancelled.SetResult);
            begun.SetResult();
            await cancelled.Task;
            return new EchoReply();
        };
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var call = server.Http.SendAsync(Support.Calls.Request("Unary", new ByteArrayContent(Frames.Of("x"))), leaving.Token);
        await begun.Task.WaitAsync(Cancellation);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task A_stream_is_written_one_message_at_a_time()
    {
        await using var server = await EchoServer.StartAsync();
        // More than the client's window takes, so that it can't be written before the client reads.
        var large = new string('a', 32 << 20);
        var failure = new TaskCompletionSource<Exception?>();
        server.Behaviour.ServerStream = async (_, replies, _) =>
        {
            var first = replies.WriteAsync(new EchoReply { Text = large });
            failure.SetResult(await Record.ExceptionAsync(() => replies.WriteAsync(new EchoReply(), Cancellation)));
            await first;
        };
        using var response = await server.Http.SendAsync(
            Support.Calls.Request("ServerStream", new ByteArrayContent(Frames.Of("x"))), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.IsType<InvalidOperationException>(await failure.Task.WaitAsync(Cancellation));
        var stream = await response.Content.ReadAsStreamAsync(Cancellation);
        Assert.Equal(large.Length, Frames.Text((await Frames.ReadAsync(stream, Cancellation))!.Value).Length);
    }

    [Theory]
    [InlineData("1H", 3600)]
    [InlineData("2M", 120)]
    [InlineData("3S", 3)]
    [InlineData("4m", 0.004)]
    [InlineData("5u", 0.000005)]
    [InlineData("600n", 0.0000006)]
    [InlineData("1n", 0.0000001)]
    [InlineData("99999999H", 359999996400)]
    [InlineData("0S", 0)]
    public void Timeouts_have_eight_digits_and_a_unit(string header, double seconds) =>
        Assert.Equal((long)Math.Round(seconds * TimeSpan.TicksPerSecond), GrpcTimeout.Parse(header)!.Value.Ticks);

    [Theory]
    [InlineData("1")]
    [InlineData("S")]
    [InlineData("-1S")]
    [InlineData("1.5S")]
    [InlineData("123456789S")]
    [InlineData("1s")]
    [InlineData(" 1S")]
    public async Task Any_other_timeout_is_refused(string header)
    {
        await using var server = await EchoServer.StartAsync();
        Assert.Equal(13, (await server.CallAsync("Unary", Frames.Of("x"), ("grpc-timeout", header))).Status);
    }
}
