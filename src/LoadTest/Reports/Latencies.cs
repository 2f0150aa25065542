namespace AdapterServe.LoadTest.Reports;

/// <param name="TimeToFirstToken">Of successful requests, from the intended arrival.</param>
/// <param name="InterToken">Between two arrivals of tokens of one request; tokens that came together are one arrival.</param>
/// <param name="EndToEnd">Of successful requests, from the intended arrival to the stream's end.</param>
/// <param name="SendDelay">By how much the harness itself was late; where this is not small the harness is the bottleneck.</param>
internal sealed record Latencies(LatencySummary TimeToFirstToken, LatencySummary InterToken, LatencySummary EndToEnd, LatencySummary SendDelay);
