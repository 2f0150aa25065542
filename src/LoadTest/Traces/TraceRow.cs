namespace AdapterServe.LoadTest.Traces;

/// <summary>A request of a trace.</summary>
/// <param name="Seconds">Since the trace's start.</param>
/// <param name="Adapter">Null or empty for the base alone.</param>
/// <param name="PromptTokens">Null where the trace doesn't say.</param>
/// <param name="OutputTokens">Null where the trace doesn't say.</param>
internal sealed record TraceRow(double Seconds, string? Adapter, int? PromptTokens, int? OutputTokens);
