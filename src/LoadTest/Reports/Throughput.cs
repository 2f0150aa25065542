namespace AdapterServe.LoadTest.Reports;

/// <summary>Per second of the measured window.</summary>
/// <param name="Requests">Answers that ended well in the window.</param>
/// <param name="OutputTokens">Tokens that came in the window.</param>
/// <param name="PromptTokens">Of their requests.</param>
/// <param name="GoodRequests">Those of them that were good.</param>
internal sealed record Throughput(double Requests, double OutputTokens, double PromptTokens, double GoodRequests);
