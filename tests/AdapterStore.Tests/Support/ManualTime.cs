namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>Time that passes when it is told to; timers run by the real one.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long _ticks;

    /// <summary>Of the clock on the wall, which stands still until a test sets it.</summary>
    public DateTimeOffset Now { get; set; } = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public void Pass(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
}
