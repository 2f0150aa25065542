namespace AdapterServe.LoadTest.Randomness;

/// <summary>What is drawn for a request.</summary>
internal enum Aspect
{
    Arrival,
    Tenant,
    Adapter,
    PromptLength,
    OutputLength,
    Prompt,
    Think,
}
