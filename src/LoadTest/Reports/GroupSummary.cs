namespace AdapterServe.LoadTest.Reports;

/// <summary>The measured requests of one adapter or one tenant.</summary>
/// <param name="Name">Empty for the base alone.</param>
/// <param name="Requests">Measured.</param>
/// <param name="Failed">Of them.</param>
/// <param name="OutputTokens">That came.</param>
/// <param name="MeanTtftMs">Over the successful ones.</param>
/// <param name="P99TtftMs">Over the successful ones.</param>
/// <param name="MeanEndToEndMs">Over the successful ones.</param>
/// <param name="P99InterTokenMs">Of a tenant that had any.</param>
internal sealed record GroupSummary(
    string Name, long Requests, long Failed, long OutputTokens, double MeanTtftMs, double P99TtftMs, double MeanEndToEndMs,
    double? P99InterTokenMs = null);
