using System.Globalization;
using System.Text;
using AdapterServe.LoadTest.Recording;

namespace AdapterServe.LoadTest.Reports.Html;

/// <summary>
/// A run's result as one page that asks for nothing else: styles and drawings stand in it, there is no script. <b>Semantics</b>: well-formed XML too;
/// light or dark as the reader's system has it.
/// </summary>
internal static class HtmlReport
{
    private const int MostBars = 50;

    public static string Render(RunReport report)
    {
        var page = new StringBuilder();
        page.Append($"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>Load on {Markup.Text(report.Run.Model)}</title><style>{Style()}</style></head><body>

            """);
        AppendHeader(page, report);
        AppendTime(page, report);
        AppendLatencies(page, report.Latencies);
        AppendGroups(page, "adapter", report.Adapters, report.AdapterFairness);
        AppendGroups(page, "tenant", report.Tenants, report.TenantFairness);
        AppendErrors(page, report.Errors);
        return page.Append("</body></html>\n").ToString();
    }

    private static void AppendHeader(StringBuilder page, RunReport report)
    {
        var run = report.Run;
        page.Append($"<h1>{Markup.Text(run.Model)} on {Markup.Text(run.Server)}</h1>");
        page.Append($"<p>{Markup.Text($"{run.Load}; adapters {run.Adapters}; prompts {run.Prompts}; answers {run.Outputs}; seed {run.Seed}")}.<br/>");
        var started = run.StartedAt.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        page.Append($"{Markup.Text(run.Url)}, {started}, {Markup.Number(report.WindowSeconds)} s measured.</p>");
        var tiles = new List<(string Name, string Value)>
        {
            ("output tokens/s", Markup.Number(report.PerSecond.OutputTokens)), ("requests/s", Markup.Number(report.PerSecond.Requests)),
            ("good requests/s", Markup.Number(report.PerSecond.GoodRequests)), ("measured", Markup.Number(report.Requests.Measured)),
            ("failed", Markup.Number(report.Requests.Failed)),
        };
        if (report.Slo is { } slo)
        {
            tiles.Add((slo.Limits, slo.IsMet ? "SLO met" : "SLO missed"));
        }

        var cells = tiles.Select(tile => $"<div><b>{Markup.Text(tile.Value)}</b><span>{Markup.Text(tile.Name)}</span></div>");
        page.Append($"<div class=\"tiles\">{string.Concat(cells)}</div>\n");
    }

    private static void AppendTime(StringBuilder page, RunReport report)
    {
        Series Line(string name, string style, Func<SecondSample, double> value) =>
            new(name, style, [.. report.Seconds.Select(second => ((double)second.Second, value(second)))]);
        page.Append("<h2>Over time</h2><div class=\"charts\">");
        page.Append(LineChart.Render("Output tokens per second", "s", [Line("tokens", "s1", second => second.Tokens)], mark: report.WarmupSeconds));
        page.Append(LineChart.Render(
            "Requests per second", "s",
            [
                Line("arrived", "s1", second => second.Arrived), Line("completed", "s3", second => second.Completed),
                Line("failed", "s2", second => second.Failed),
            ],
            mark: report.WarmupSeconds));
        page.Append(LineChart.Render("Requests in flight", "s", [Line("in flight", "s1", second => second.InFlight)], mark: report.WarmupSeconds));
        page.Append("</div>\n");
    }

    private static void AppendLatencies(StringBuilder page, Latencies latencies)
    {
        (string Name, string Style, LatencySummary Values)[] all =
        [
            ("time to first token", "s1", latencies.TimeToFirstToken), ("inter-token", "s2", latencies.InterToken),
            ("end to end", "s3", latencies.EndToEnd),
        ];
        page.Append("<h2>Latency</h2>");
        AppendTable(
            page, ["ms", "count", "mean", "p50", "p90", "p99", "p99.9", "max"],
            all.Append((Name: "sent late by", Style: string.Empty, Values: latencies.SendDelay)).Select(row => new[]
            {
                row.Name, Markup.Number(row.Values.Count), Markup.Number(row.Values.MeanMs), Markup.Number(row.Values.P50Ms),
                Markup.Number(row.Values.P90Ms), Markup.Number(row.Values.P99Ms),
                Markup.Number(row.Values.P999Ms), Markup.Number(row.Values.MaxMs),
            }));
        page.Append("<div class=\"charts\">");
        page.Append(LineChart.Render(
            "Share of values up to a latency, %", "ms",
            [.. all.Select(latency => new Series(latency.Name, latency.Style, Cumulative(latency.Values)))], isLogarithmic: true, mostY: 100));
        foreach (var (name, style, values) in all)
        {
            page.Append(HistogramChart.Render($"How often: {name}", values, style));
        }

        page.Append("</div>\n");
    }

    private static IReadOnlyList<(double X, double Y)> Cumulative(LatencySummary latency)
    {
        var seen = 0.0;
        return [.. latency.Buckets.Select(bucket => (bucket[0], 100 * (seen += bucket[1]) / latency.Count))];
    }

    private static void AppendGroups(StringBuilder page, string title, IReadOnlyList<GroupSummary> groups, Fairness fairness)
    {
        if (groups.Count < 2)
        {
            return;
        }

        var shown = groups.OrderByDescending(group => group.Requests).Take(MostBars).ToArray();
        string NameOf(GroupSummary group) => group.Name.Length == 0 ? "(none)" : group.Name;
        var more = groups.Count > MostBars ? $" The {MostBars} with most requests of {groups.Count}." : string.Empty;
        page.Append($"<h2>By {title}</h2><p>Jain's index over {groups.Count}: {Index(fairness.MeanTtft)} of mean time to first token, ");
        page.Append($"{Index(fairness.OutputTokens)} of tokens.{more}</p><div class=\"charts\">");
        page.Append(BarChart.Render("Mean time to first token, ms", [.. shown.Select(group => (NameOf(group), group.MeanTtftMs))], "s1"));
        page.Append(BarChart.Render("Output tokens", [.. shown.Select(group => (NameOf(group), (double)group.OutputTokens))], "s2"));
        page.Append("</div>\n");
    }

    private static string Index(double? value) => value is { } index ? index.ToString("0.000", CultureInfo.InvariantCulture) : "–";

    private static void AppendErrors(StringBuilder page, IReadOnlyList<ErrorSummary> errors)
    {
        if (errors.Count > 0)
        {
            page.Append("<h2>Errors</h2>");
            AppendTable(
                page, ["error", "status", "count", "for example"],
                errors.Select(error => new[] { error.Code, $"{error.Status}", $"{error.Count}", error.Example }));
        }
    }

    private static void AppendTable(StringBuilder page, string[] columns, IEnumerable<string[]> rows)
    {
        string Cells(string tag, IEnumerable<string> cells) =>
            $"<tr>{string.Concat(cells.Select(cell => $"<{tag}>{Markup.Text(cell)}</{tag}>"))}</tr>";
        page.Append($"<table><thead>{Cells("th", columns)}</thead><tbody>{string.Concat(rows.Select(row => Cells("td", row)))}</tbody></table>\n");
    }

    private static string Style()
    {
        using var reader = new StreamReader(typeof(HtmlReport).Assembly.GetManifestResourceStream("page.css")!);
        return reader.ReadToEnd();
    }
}
