using System.Text;

namespace AdapterServe.LoadTest.Reports.Html;

/// <summary>What the charts share: the drawing's size, a title, a legend, two axes with their grid.</summary>
internal static class ChartFrame
{
    public const double Width = 640;
    public const double Height = 260;
    public const double Left = 56;
    public const double Right = Width - 12;
    public const double Top = 12;
    public const double Bottom = Height - 34;

    public static string Figure(string title, IReadOnlyList<Series> legend, string drawing, double height = Height)
    {
        var keys = legend.Count < 2
            ? string.Empty
            : string.Concat(legend.Select(series => $"<span class=\"key\"><i class=\"{series.Style}\"></i>{Markup.Text(series.Name)}</span>"));
        return $"""
            <figure><figcaption>{Markup.Text(title)} {keys}</figcaption>
            <svg viewBox="0 0 {Markup.At(Width)} {Markup.At(height)}" role="img" aria-label="{Markup.Text(title)}">{drawing}</svg></figure>

            """;
    }

    /// <summary>An open rectangle at least one unit wide; the caller gives it a title and closes it.</summary>
    public static string Bar(string style, double left, double top, double width, double height) =>
        $"<rect class=\"bar {style}\" x=\"{Markup.At(left)}\" y=\"{Markup.At(top)}\" "
        + $"width=\"{Markup.At(Math.Max(1, width))}\" height=\"{Markup.At(height)}\">";

    public static void Draw(StringBuilder svg, Axis x, Axis y, string xLabel)
    {
        foreach (var tick in y.Ticks())
        {
            var at = Markup.At(y.Place(tick));
            svg.Append($"<line class=\"grid\" x1=\"{Markup.At(Left)}\" x2=\"{Markup.At(Right)}\" y1=\"{at}\" y2=\"{at}\"/>");
            svg.Append($"<text class=\"end\" x=\"{Markup.At(Left - 6)}\" y=\"{Markup.At(y.Place(tick) + 4)}\">{Markup.Number(tick)}</text>");
        }

        foreach (var tick in x.Ticks())
        {
            var at = Markup.At(x.Place(tick));
            svg.Append($"<line class=\"tick\" x1=\"{at}\" x2=\"{at}\" y1=\"{Markup.At(Bottom)}\" y2=\"{Markup.At(Bottom + 4)}\"/>");
            svg.Append($"<text class=\"middle\" x=\"{at}\" y=\"{Markup.At(Bottom + 16)}\">{Markup.Number(tick)}</text>");
        }

        svg.Append(
            $"<line class=\"axis\" x1=\"{Markup.At(Left)}\" x2=\"{Markup.At(Right)}\" y1=\"{Markup.At(Bottom)}\" y2=\"{Markup.At(Bottom)}\"/>");
        svg.Append($"<text class=\"end\" x=\"{Markup.At(Right)}\" y=\"{Markup.At(Height - 4)}\">{Markup.Text(xLabel)}</text>");
    }
}
