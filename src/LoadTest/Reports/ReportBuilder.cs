using AdapterServe.LoadTest.Recording;

namespace AdapterServe.LoadTest.Reports;

/// <summary>Sums a run up.</summary>
internal static class ReportBuilder
{
    public static RunReport Build(RunDescription run, RunRecorder recorder, SloLimits slo, IReadOnlyList<string> tenants)
    {
        var records = recorder.Records;
        var window = recorder.Window;
        var good = records.Count(slo.IsGood);
        var adapters = Groups(records, record => record.Request.Adapter ?? string.Empty);
        var byTenant = Tenants(recorder, tenants);
        return new RunReport
        {
            Run = run,
            WindowSeconds = Math.Round(window.Seconds, 3),
            WarmupSeconds = Math.Round(window.StartUs / 1e6, 3),
            Requests = Counts(records, good),
            PerSecond = Rates(recorder, window, slo),
            Latencies = new Latencies(
                LatencySummary.Of(recorder.TimeToFirstToken), LatencySummary.Of(recorder.InterToken), LatencySummary.Of(recorder.EndToEnd),
                LatencySummary.Of(recorder.SendDelay)),
            Slo = slo.IsEmpty ? null : Judge(slo, good, records.Count),
            Errors = Errors(records),
            Adapters = adapters,
            AdapterFairness = Fairness.Of(adapters),
            Tenants = byTenant,
            TenantFairness = Fairness.Of(byTenant),
            Seconds = recorder.Seconds,
        };
    }

    private static RequestCounts Counts(IReadOnlyList<RequestRecord> records, int good)
    {
        var succeeded = records.Count(record => record.IsSuccess);
        return new RequestCounts(
            records.Count, succeeded, records.Count - succeeded, good,
            records.Count(record => record.IsSuccess && record.OutputTokens < record.Request.OutputTokens));
    }

    private static Throughput Rates(RunRecorder recorder, MeasuredWindow window, SloLimits slo)
    {
        double PerSecond(double count) => Math.Round(count / window.Seconds, 3);
        var prompts = recorder.WindowAnswers.Sum(record => (double)(record.Outcome.PromptTokens ?? record.Request.PromptTokens));
        return new Throughput(
            PerSecond(recorder.WindowAnswers.Count), PerSecond(recorder.WindowTokens), PerSecond(prompts),
            PerSecond(recorder.WindowAnswers.Count(slo.IsGood)));
    }

    private static SloResult Judge(SloLimits slo, int good, int all)
    {
        var share = all == 0 ? 0 : (double)good / all;
        return new SloResult(slo.Describe(), Math.Round(share, 5), all > 0 && share >= slo.Share);
    }

    private static IReadOnlyList<ErrorSummary> Errors(IReadOnlyList<RequestRecord> records) =>
        [.. records.Where(record => !record.IsSuccess).GroupBy(record => (record.Outcome.Status, Code: record.Outcome.ErrorCode!))
            .Select(group => new ErrorSummary(group.Key.Status, group.Key.Code, group.Count(), group.First().Outcome.Message ?? string.Empty))
            .OrderByDescending(error => error.Count)];

    private static IReadOnlyList<GroupSummary> Tenants(RunRecorder recorder, IReadOnlyList<string> tenants) =>
        [.. recorder.Records.GroupBy(record => record.Request.Tenant).OrderBy(group => group.Key)
            .Select(group => Summarize(tenants[group.Key], [.. group]) with
            {
                P99InterTokenMs = recorder.TenantInterToken.GetValueOrDefault(group.Key)?.Percentile(0.99) / 1000.0,
            })];

    private static IReadOnlyList<GroupSummary> Groups(IReadOnlyList<RequestRecord> records, Func<RequestRecord, string> nameOf) =>
        [.. records.GroupBy(nameOf, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => Summarize(group.Key, [.. group]))];

    private static GroupSummary Summarize(string name, IReadOnlyList<RequestRecord> records)
    {
        var firsts = records.Where(record => record.IsSuccess).Select(record => record.TimeToFirstTokenUs / 1000.0).Order().ToArray();
        var ends = records.Where(record => record.IsSuccess).Select(record => record.EndToEndUs / 1000.0).ToArray();
        return new GroupSummary(
            name, records.Count, records.Count - firsts.Length, records.Sum(record => (long)record.OutputTokens),
            Math.Round(firsts.DefaultIfEmpty().Average(), 3),
            firsts.Length == 0 ? 0 : firsts[(int)Math.Ceiling(0.99 * firsts.Length) - 1], Math.Round(ends.DefaultIfEmpty().Average(), 3));
    }
}
