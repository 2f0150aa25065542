namespace AdapterServe.LoadTest.Recording;

/// <summary>A run's numbers while it goes on; latencies in microseconds, over the measured requests that have ended.</summary>
internal sealed record RunSnapshot(
    long Started, long Succeeded, long Failed, int InFlight, long Tokens, long TtftP50, long TtftP99, long InterTokenP50, string? LastError);
