namespace AdapterServe.LoadTest.Reports.Html;

/// <summary>A line of a chart.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Style">The class that gives its colour, <c>s1</c> to <c>s3</c>.</param>
/// <param name="Points">By x, ascending.</param>
internal sealed record Series(string Name, string Style, IReadOnlyList<(double X, double Y)> Points);
