namespace AdapterServe.LoadTest.Execution;

/// <summary>How a plan is carried out.</summary>
internal sealed record RunOptions
{
    /// <summary>Clients of a closed loop; null: an open one.</summary>
    public int? Clients { get; init; }

    /// <summary>Requests intended earlier are sent, but not measured.</summary>
    public TimeSpan Warmup { get; init; }

    /// <summary>Nor are so many at the beginning.</summary>
    public long WarmupRequests { get; init; }

    /// <summary>For how long requests are sent after the warm-up; null: until <see cref="Requests"/> are.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>How many are measured.</summary>
    public long? Requests { get; init; }

    /// <summary>Most requests of an open loop on their way at a time; further ones wait, and their waiting counts.</summary>
    public int MaxInFlight { get; init; } = 4096;

    /// <summary>How long answers are waited for after the last request was sent; what is unfinished then has failed.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromMinutes(5);
}
