namespace AdapterServe.LoadTest.Reports;

/// <param name="Limits">In words.</param>
/// <param name="GoodShare">Good among the measured requests.</param>
/// <param name="IsMet">Whether that is enough.</param>
internal sealed record SloResult(string Limits, double GoodShare, bool IsMet);
