namespace AdapterServe.LoadTest.Reports;

/// <summary>Failed requests of one kind.</summary>
/// <param name="Status">HTTP status; 0 when no answer came.</param>
/// <param name="Code">The server's word, or the harness's.</param>
/// <param name="Count">How many.</param>
/// <param name="Example">The words of one of them.</param>
internal sealed record ErrorSummary(int Status, string Code, long Count, string Example);
