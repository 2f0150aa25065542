using System.Runtime.ExceptionServices;
using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Recording;
using AdapterServe.LoadTest.Sending;

namespace AdapterServe.LoadTest.Execution;

/// <summary>
/// Carries out a plan. <b>Semantics</b>: an open loop sends each request at its arrival, however slow the server is, and counts latencies from that
/// moment, so that a stalled server shows in every request that it kept waiting; in a closed loop each client sends its next request when its last
/// one has ended and it has thought.
/// </summary>
internal sealed class LoadRun(LoadPlan plan, IRequestSender sender, RunOptions options, TimeProvider time)
{
    private Exception? _fault;

    public RunRecorder Recorder { get; } =
        new((long)options.Warmup.TotalMicroseconds, options.WarmupRequests,
            options.Requests is null ? (long?)options.Duration?.TotalMicroseconds : null);

    private long SendingEndsUs => options.Duration is { } duration ? (long)(options.Warmup + duration).TotalMicroseconds : long.MaxValue;

    private long MostRequests => options.Requests is { } requests ? options.WarmupRequests + requests : long.MaxValue;

    /// <summary>Ends when all answers have. Cancelling ends the sending at once and cuts off what is on its way.</summary>
    public async Task ExecuteAsync(CancellationToken cancellation)
    {
        using var cutOff = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var clock = new RunClock(time);
        try
        {
            await (options.Clients is { } clients ? RunClosedAsync(clients, clock, cutOff) : RunOpenAsync(clock, cutOff));
        }
        catch (OperationCanceledException) when (cutOff.IsCancellationRequested)
        {
            // The user has seen enough; what was measured is reported.
        }

        if (cancellation.IsCancellationRequested)
        {
            Recorder.CutAt(clock.NowUs);
        }

        if (_fault is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
        }
    }

    private async Task RunOpenAsync(RunClock clock, CancellationTokenSource cutOff)
    {
        using var inFlight = new InFlight(options.MaxInFlight);
        try
        {
            foreach (var request in plan.Requests().TakeWhile(request => request.Index < MostRequests && request.ArrivalUs < SendingEndsUs))
            {
                await clock.WaitUntilAsync(request.ArrivalUs, cutOff.Token);
                await inFlight.EnterAsync(cutOff.Token);
                _ = SendAndLeaveAsync(request, clock, inFlight, cutOff);
            }
        }
        finally
        {
            cutOff.CancelAfter(options.Drain);
            await inFlight.DrainAsync();
        }
    }

    private async Task RunClosedAsync(int clients, RunClock clock, CancellationTokenSource cutOff)
    {
        using var requests = plan.Requests().TakeWhile(request => request.Index < MostRequests).GetEnumerator();
        var turn = new Lock();
        PlannedRequest? Next()
        {
            lock (turn)
            {
                return clock.NowUs < SendingEndsUs && requests.MoveNext() ? requests.Current : null;
            }
        }

        using var drain = options.Duration is null
            ? null
            : time.CreateTimer(_ => cutOff.Cancel(), null, options.Warmup + options.Duration.Value + options.Drain, Timeout.InfiniteTimeSpan);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => RunClientAsync(Next, clock, cutOff.Token)));
    }

    private async Task RunClientAsync(Func<PlannedRequest?> next, RunClock clock, CancellationToken cutOff)
    {
        while (!cutOff.IsCancellationRequested && next() is { } request)
        {
            await SendAsync(request, clock.NowUs, clock, cutOff);
            await clock.WaitUntilAsync(Math.Min(SendingEndsUs, clock.NowUs + (1000L * request.ThinkMs)), cutOff);
        }
    }

    private async Task SendAndLeaveAsync(PlannedRequest request, RunClock clock, InFlight inFlight, CancellationTokenSource cutOff)
    {
        try
        {
            await SendAsync(request, request.ArrivalUs, clock, cutOff.Token);
        }
        catch (Exception e)
        {
            // Nobody awaits this task: the run ends and reports it.
            _fault = e;
            await cutOff.CancelAsync();
        }
        finally
        {
            inFlight.Leave();
        }
    }

    private async Task SendAsync(PlannedRequest request, long intendedUs, RunClock clock, CancellationToken cutOff)
    {
        var timer = new RequestTimer(request, intendedUs, clock, Recorder);
        timer.Begin();
        SendOutcome outcome;
        try
        {
            outcome = await sender.SendAsync(request, timer, cutOff);
        }
        catch (OperationCanceledException)
        {
            outcome = SendOutcome.Failed(0, SendOutcome.Unfinished, "The run ended before the answer did.");
        }

        timer.End(outcome);
    }
}
