namespace AdapterServe.LoadTest.Plans;

/// <summary>What a plan takes from the trace; the rest is drawn.</summary>
[Flags]
internal enum TraceColumns
{
    None = 0,
    Adapter = 1,
    PromptTokens = 2,
    OutputTokens = 4,
}
