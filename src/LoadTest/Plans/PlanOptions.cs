using AdapterServe.LoadTest.Arrivals;
using AdapterServe.LoadTest.Lengths;
using AdapterServe.LoadTest.Traces;

namespace AdapterServe.LoadTest.Plans;

/// <summary>Everything that a plan depends on.</summary>
internal sealed record PlanOptions
{
    public ulong Seed { get; init; } = 1;

    /// <summary>Null in a closed loop.</summary>
    public IArrivals? Arrivals { get; init; }

    public required IReadOnlyList<TenantPlan> Tenants { get; init; }

    public ILengths Prompt { get; init; } = new FixedLengths(32);

    public ILengths Output { get; init; } = new FixedLengths(64);

    public ILengths ThinkMs { get; init; } = new FixedLengths(0);

    /// <summary>Rows that are gone through again and again for what <see cref="FromTrace"/> names.</summary>
    public IReadOnlyList<TraceRow> Trace { get; init; } = [];

    public TraceColumns FromTrace { get; init; }
}
