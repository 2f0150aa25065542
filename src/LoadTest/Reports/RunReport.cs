using AdapterServe.LoadTest.Recording;

namespace AdapterServe.LoadTest.Reports;

/// <summary>A run's result; what <c>--json</c> writes.</summary>
internal sealed record RunReport
{
    public required RunDescription Run { get; init; }

    public required double WindowSeconds { get; init; }

    /// <summary>Where the window begins, in seconds since the run's start.</summary>
    public required double WarmupSeconds { get; init; }

    public required RequestCounts Requests { get; init; }

    public required Throughput PerSecond { get; init; }

    public required Latencies Latencies { get; init; }

    /// <summary>Null without limits.</summary>
    public SloResult? Slo { get; init; }

    public required IReadOnlyList<ErrorSummary> Errors { get; init; }

    public required IReadOnlyList<GroupSummary> Adapters { get; init; }

    public required Fairness AdapterFairness { get; init; }

    public required IReadOnlyList<GroupSummary> Tenants { get; init; }

    public required Fairness TenantFairness { get; init; }

    public required IReadOnlyList<SecondSample> Seconds { get; init; }
}
