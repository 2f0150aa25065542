using System.Text;

namespace AdapterServe.LoadTest.Reports.Html;

/// <summary>How often a latency came, in columns that are equally wide on a logarithmic axis.</summary>
internal static class HistogramChart
{
    private const int ColumnsPerDecade = 12;

    public static string Render(string title, LatencySummary latency, string style)
    {
        var columns = latency.Buckets.GroupBy(bucket => (int)Math.Floor(Math.Log10(Math.Max(bucket[0], 1e-3)) * ColumnsPerDecade))
            .OrderBy(column => column.Key)
            .Select(column =>
                (From: Math.Pow(10, (double)column.Key / ColumnsPerDecade), To: Math.Pow(10, (column.Key + 1.0) / ColumnsPerDecade),
                    Count: column.Sum(bucket => bucket[1])))
            .DefaultIfEmpty((From: 1, To: 1, Count: 0)).ToArray();
        var x = Axis.Decades(columns[0].From, columns[^1].To, ChartFrame.Left, ChartFrame.Right);
        var y = Axis.FromZero(Math.Max(1, columns.Max(column => column.Count)), ChartFrame.Bottom, ChartFrame.Top);
        var svg = new StringBuilder();
        ChartFrame.Draw(svg, x, y, "ms");
        foreach (var (from, to, count) in columns)
        {
            var (left, top) = (x.Place(from), y.Place(count));
            svg.Append(ChartFrame.Bar(style, left, top, x.Place(to) - left - 1, y.From - top));
            svg.Append($"<title>{Markup.Number(from)} to {Markup.Number(to)} ms: {Markup.Number(count)}</title></rect>");
        }

        return ChartFrame.Figure(title, [], svg.ToString());
    }
}
