using System.Text;

namespace AdapterServe.LoadTest.Reports.Html;

/// <summary>Named amounts, one bar below the other.</summary>
internal static class BarChart
{
    private const double RowHeight = 20;
    private const double NameWidth = 180;
    private const double ValueWidth = 60;

    public static string Render(string title, IReadOnlyList<(string Name, double Value)> bars, string style)
    {
        var x = new Axis(0, Math.Max(1e-9, bars.Max(bar => bar.Value)), NameWidth, ChartFrame.Width - ValueWidth);
        var svg = new StringBuilder();
        for (var row = 0; row < bars.Count; row++)
        {
            var (name, value) = bars[row];
            var baseline = Markup.At((row * RowHeight) + 14);
            svg.Append($"<text class=\"end\" x=\"{Markup.At(NameWidth - 8)}\" y=\"{baseline}\">{Markup.Text(Shorten(name))}</text>");
            svg.Append(ChartFrame.Bar(style, NameWidth, row * RowHeight, x.Place(value) - NameWidth, RowHeight - 3));
            svg.Append($"<title>{Markup.Text(name)}: {Markup.Number(value)}</title></rect>");
            svg.Append($"<text x=\"{Markup.At(x.Place(value) + 6)}\" y=\"{baseline}\">{Markup.Number(value)}</text>");
        }

        return ChartFrame.Figure(title, [], svg.ToString(), Math.Max(1, bars.Count) * RowHeight);
    }

    private static string Shorten(string name) => name.Length <= 26 ? name : name[..25] + "…";
}
