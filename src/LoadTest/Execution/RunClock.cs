namespace AdapterServe.LoadTest.Execution;

/// <summary>Microseconds since a run's start.</summary>
internal sealed class RunClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    public TimeProvider Time => time;

    public long NowUs => (long)time.GetElapsedTime(_start).TotalMicroseconds;

    /// <summary>Returns at <paramref name="us"/> or as soon after it as the timer allows, never before.</summary>
    public async Task WaitUntilAsync(long us, CancellationToken cancellation)
    {
        for (var left = us - NowUs; left > 0; left = us - NowUs)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left / 1000.0)), time, cancellation);
        }
    }
}
