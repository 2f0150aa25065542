namespace AdapterServe.LoadTest.Reports;

/// <summary>
/// What the user promises. <b>Semantics</b>: a request is good when it succeeded within every limit; the inter-token limit holds for its mean time
/// between tokens. A run meets the promise when at least <see cref="Share"/> of its measured requests are good.
/// </summary>
internal sealed record SloLimits
{
    public TimeSpan? TimeToFirstToken { get; init; }

    public TimeSpan? InterToken { get; init; }

    public TimeSpan? EndToEnd { get; init; }

    /// <summary>In (0, 1].</summary>
    public double Share { get; init; } = 0.99;

    public bool IsEmpty => TimeToFirstToken is null && InterToken is null && EndToEnd is null;

    public bool IsGood(Recording.RequestRecord record) => record.IsSuccess && Within(record.TimeToFirstTokenUs, TimeToFirstToken)
        && Within(record.MeanInterTokenUs ?? 0, InterToken) && Within(record.EndToEndUs, EndToEnd);

    public string Describe()
    {
        string? Part(string name, TimeSpan? limit) => limit is { } value
            ? FormattableString.Invariant($"{name} ≤ {value.TotalMilliseconds:0.###} ms")
            : null;
        var parts = new[] { Part("TTFT", TimeToFirstToken), Part("mean inter-token", InterToken), Part("end-to-end", EndToEnd) }.OfType<string>();
        return FormattableString.Invariant($"{string.Join(", ", parts)} for {Share * 100:0.###} % of the requests");
    }

    private static bool Within(double us, TimeSpan? limit) => limit is not { } value || us <= value.TotalMicroseconds;
}
