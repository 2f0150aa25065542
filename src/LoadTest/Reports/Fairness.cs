namespace AdapterServe.LoadTest.Reports;

/// <summary>Jain's indices over groups: 1 when all have the same, 1/n when one has everything. Null with fewer than two groups.</summary>
/// <param name="MeanTtft">Of the groups' mean times to the first token.</param>
/// <param name="OutputTokens">Of the groups' tokens; popularity that is uneven by design shows here.</param>
internal sealed record Fairness(double? MeanTtft, double? OutputTokens)
{
    public static Fairness Of(IReadOnlyList<GroupSummary> groups) =>
        new(Jain([.. groups.Where(group => group.Requests > group.Failed).Select(group => group.MeanTtftMs)]),
            Jain([.. groups.Select(group => (double)group.OutputTokens)]));

    /// <summary>(Σx)² / (n·Σx²). <b>Source</b>: Jain, Chiu, Hawe, "A quantitative measure of fairness", DEC-TR-301 (1984).</summary>
    public static double? Jain(IReadOnlyList<double> values)
    {
        var squares = values.Sum(value => value * value);
        return values.Count < 2 || squares == 0 ? null : Math.Round(Math.Pow(values.Sum(), 2) / (values.Count * squares), 4);
    }
}
