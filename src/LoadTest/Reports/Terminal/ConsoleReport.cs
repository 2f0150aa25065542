using System.Globalization;
using Spectre.Console;

namespace AdapterServe.LoadTest.Reports.Terminal;

/// <summary>A run's result for the terminal.</summary>
internal static class ConsoleReport
{
    private const int MostGroups = 10;

    public static void Write(IAnsiConsole console, RunReport report)
    {
        var run = report.Run;
        console.WriteLine($"{run.Server} at {run.Url}, model {run.Model}: {run.Load}");
        console.WriteLine($"adapters {run.Adapters}; prompts {run.Prompts}; answers {run.Outputs}; seed {run.Seed}");
        console.Write(Totals(report));
        console.Write(Percentiles(report.Latencies));
        WriteGroups(console, "adapter", report.Adapters, report.AdapterFairness);
        WriteGroups(console, "tenant", report.Tenants, report.TenantFairness);
        WriteErrors(console, report.Errors);
        if (report.Slo is { } slo)
        {
            console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture, $"SLO {(slo.IsMet ? "met" : "missed")}: {slo.Limits}; {slo.GoodShare * 100:0.##} % were good"));
        }
    }

    private static Table Totals(RunReport report)
    {
        var (counts, rates) = (report.Requests, report.PerSecond);
        var table = NewTable("measured", "ok", "failed", "good", "seconds", "requests/s", "good/s", "output tok/s", "prompt tok/s");
        return Row(
            table, Whole(counts.Measured), Whole(counts.Succeeded), Whole(counts.Failed), Whole(counts.Good), Number(report.WindowSeconds),
            Number(rates.Requests),
            Number(rates.GoodRequests), Number(rates.OutputTokens), Number(rates.PromptTokens));
    }

    private static Table Percentiles(Latencies latencies)
    {
        var table = NewTable("ms", "mean", "p50", "p90", "p99", "p99.9", "max");
        foreach (var (name, values) in new[]
        {
            ("time to first token", latencies.TimeToFirstToken), ("inter-token", latencies.InterToken), ("end to end", latencies.EndToEnd),
            ("sent late by", latencies.SendDelay),
        })
        {
            Row(table, name, Number(values.MeanMs), Number(values.P50Ms), Number(values.P90Ms), Number(values.P99Ms), Number(values.P999Ms),
                Number(values.MaxMs));
        }

        return table;
    }

    private static void WriteGroups(IAnsiConsole console, string title, IReadOnlyList<GroupSummary> groups, Fairness fairness)
    {
        if (groups.Count < 2)
        {
            return;
        }

        var hasGaps = groups.Any(group => group.P99InterTokenMs is not null);
        string[] columns = [title, "requests", "failed", "tokens", "mean TTFT ms", "p99 TTFT ms", "mean end to end ms"];
        var table = NewTable(hasGaps ? [.. columns, "p99 inter-token ms"] : columns);
        foreach (var group in groups.OrderByDescending(group => group.Requests).Take(MostGroups))
        {
            string[] cells =
            [
                group.Name.Length == 0 ? "(none)" : group.Name, Whole(group.Requests), Whole(group.Failed), Whole(group.OutputTokens),
                Number(group.MeanTtftMs), Number(group.P99TtftMs), Number(group.MeanEndToEndMs),
            ];
            Row(table, hasGaps ? [.. cells, Number(group.P99InterTokenMs ?? 0)] : cells);
        }

        console.Write(table);
        var more = groups.Count > MostGroups ? $"{groups.Count - MostGroups} more; " : string.Empty;
        console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{more}Jain's index over {groups.Count} {title}s: {fairness.MeanTtft:0.000} of mean TTFT, {fairness.OutputTokens:0.000} of tokens"));
    }

    private static void WriteErrors(IAnsiConsole console, IReadOnlyList<ErrorSummary> errors)
    {
        if (errors.Count == 0)
        {
            return;
        }

        var table = NewTable("status", "error", "count", "for example");
        foreach (var error in errors.Take(MostGroups))
        {
            Row(table, error.Status == 0 ? "-" : Whole(error.Status), error.Code, Whole(error.Count), error.Example);
        }

        console.Write(table);
    }

    private static Table NewTable(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        for (var i = 0; i < columns.Length; i++)
        {
            var isText = columns[i] is "ms" or "adapter" or "tenant" or "error" or "for example";
            table.AddColumn(new TableColumn(new Text(columns[i])) { Alignment = isText ? Justify.Left : Justify.Right });
        }

        return table;
    }

    /// <summary>Other people's words are text, never markup.</summary>
    private static Table Row(Table table, params string[] cells)
    {
        table.AddRow(cells.Select(cell => new Text(cell)));
        return table;
    }

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
