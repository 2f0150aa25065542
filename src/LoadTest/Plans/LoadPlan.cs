using AdapterServe.LoadTest.Lengths;
using AdapterServe.LoadTest.Randomness;
using AdapterServe.LoadTest.Traces;

namespace AdapterServe.LoadTest.Plans;

/// <summary>
/// What a run will send. <b>Semantics</b>: a pure function of the options: the same seed plans the same requests, on any machine, however the server
/// answers.
/// </summary>
internal sealed class LoadPlan(PlanOptions options)
{
    private readonly WeightedChoice _tenants = new(options.Tenants.Select(tenant => tenant.Weight));

    public PlanOptions Options => options;

    /// <summary>The requests by arrival; endless unless the arrivals end.</summary>
    public IEnumerable<PlannedRequest> Requests()
    {
        var index = 0L;
        foreach (var seconds in options.Arrivals?.Seconds() ?? Enumerable.Repeat(0.0, int.MaxValue))
        {
            yield return At(index++, (long)Math.Round(seconds * 1e6));
        }
    }

    private PlannedRequest At(long index, long arrivalUs)
    {
        SplitMix64 Draws(Aspect aspect) => SplitMix64.For(options.Seed, index, aspect);
        var row = options.Trace.Count > 0 ? options.Trace[(int)(index % options.Trace.Count)] : null;
        var tenant = options.Tenants.Count == 1 ? 0 : Choose(Draws(Aspect.Tenant));
        return new PlannedRequest(
            index, arrivalUs, tenant, Adapter(index, options.Tenants[tenant], row, Draws(Aspect.Adapter)),
            Length(TraceColumns.PromptTokens, row?.PromptTokens, options.Prompt, Draws(Aspect.PromptLength)),
            Length(TraceColumns.OutputTokens, row?.OutputTokens, options.Output, Draws(Aspect.OutputLength)), Draws(Aspect.Prompt).Next(),
            Length(TraceColumns.None, null, options.ThinkMs, Draws(Aspect.Think)));
    }

    private int Choose(SplitMix64 draws) => _tenants.Draw(ref draws);

    private string? Adapter(long index, TenantPlan tenant, TraceRow? row, SplitMix64 draws)
    {
        if (row is null || !options.FromTrace.HasFlag(TraceColumns.Adapter))
        {
            return tenant.Adapters.Choose(index, ref draws);
        }

        return string.IsNullOrEmpty(row.Adapter) ? null : row.Adapter;
    }

    private int Length(TraceColumns column, int? traced, ILengths lengths, SplitMix64 draws) =>
        traced is { } length && options.FromTrace.HasFlag(column) ? length : lengths.Draw(ref draws);
}
