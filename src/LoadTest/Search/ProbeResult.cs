namespace AdapterServe.LoadTest.Search;

/// <summary>What a run at one rate came to.</summary>
/// <param name="Rate">Requests a second that arrived.</param>
/// <param name="Completed">Requests a second that were answered.</param>
/// <param name="OutputTokens">Tokens a second that came.</param>
/// <param name="GoodShare">Good among the measured requests.</param>
/// <param name="P99TtftMs">Of the successful ones.</param>
/// <param name="P99InterTokenMs">Of the successful ones.</param>
/// <param name="IsMet">Whether the limits held.</param>
internal sealed record ProbeResult(
    double Rate, double Completed, double OutputTokens, double GoodShare, double P99TtftMs, double P99InterTokenMs, bool IsMet);
