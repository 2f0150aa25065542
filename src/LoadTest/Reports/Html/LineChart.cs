using System.Text;

namespace AdapterServe.LoadTest.Reports.Html;

/// <summary>Lines over one axis; each point tells its numbers to a pointer that rests on it, where there are few enough of them.</summary>
internal static class LineChart
{
    private const int MostTitledPoints = 400;

    /// <param name="title">Above the chart, with the unit of y.</param>
    /// <param name="xLabel">Below it.</param>
    /// <param name="series">The lines.</param>
    /// <param name="isLogarithmic">Of x.</param>
    /// <param name="mark">A place on x with a dashed line.</param>
    /// <param name="mostY">The upper end of y; null: what the points need.</param>
    public static string Render(
        string title, string xLabel, IReadOnlyList<Series> series, bool isLogarithmic = false, double? mark = null, double? mostY = null)
    {
        var points = series.SelectMany(line => line.Points).DefaultIfEmpty((X: 1.0, Y: 1.0)).ToArray();
        var x = isLogarithmic
            ? Axis.Decades(points.Min(point => point.X), points.Max(point => point.X), ChartFrame.Left, ChartFrame.Right)
            : Axis.FromZero(points.Max(point => point.X), ChartFrame.Left, ChartFrame.Right);
        var y = Axis.FromZero(mostY ?? points.Max(point => point.Y), ChartFrame.Bottom, ChartFrame.Top);
        var svg = new StringBuilder();
        ChartFrame.Draw(svg, x, y, xLabel);
        if (mark is > 0)
        {
            var at = Markup.At(x.Place(mark.Value));
            svg.Append($"<line class=\"mark\" x1=\"{at}\" x2=\"{at}\" y1=\"{Markup.At(ChartFrame.Top)}\" y2=\"{Markup.At(ChartFrame.Bottom)}\"/>");
        }

        foreach (var line in series)
        {
            Draw(svg, line, x, y);
        }

        return ChartFrame.Figure(title, series, svg.ToString());
    }

    private static void Draw(StringBuilder svg, Series line, Axis x, Axis y)
    {
        var path = string.Join(' ', line.Points.Select(point => $"{Markup.At(x.Place(point.X))},{Markup.At(y.Place(point.Y))}"));
        svg.Append($"<polyline class=\"line {line.Style}\" points=\"{path}\"/>");
        if (line.Points.Count > MostTitledPoints)
        {
            return;
        }

        foreach (var (px, py) in line.Points)
        {
            svg.Append($"<circle class=\"point {line.Style}\" cx=\"{Markup.At(x.Place(px))}\" cy=\"{Markup.At(y.Place(py))}\" r=\"5\">");
            svg.Append($"<title>{Markup.Text(line.Name)}: {Markup.Number(py)} at {Markup.Number(px)}</title></circle>");
        }
    }
}
