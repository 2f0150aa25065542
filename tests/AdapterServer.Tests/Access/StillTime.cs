namespace AdapterServe.AdapterServer.Tests.Access;

/// <summary>A clock that stands still until a test sets it.</summary>
internal sealed class StillTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}
