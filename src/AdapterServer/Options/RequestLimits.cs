namespace AdapterServe.AdapterServer.Options;

/// <summary>The fixed limits on requests, in one place.</summary>
internal static class RequestLimits
{
    public const int Prompts = 128;
    public const int Choices = 128;
    public const int StopStrings = 16;
    public const int StopCharacters = 1000;
    public const int LogProbs = 20;
    public const int StopTokenIds = 1024;
    public const int Messages = 4096;
    public const int Tools = 512;

    /// <summary>Most characters that are tokenized in one call, whatever the context.</summary>
    public const int TokenizeCharacters = 8 << 20;

    public const float LowestPenalty = -2;
    public const float HighestPenalty = 2;
    public const float LowestBias = -100;
    public const float HighestBias = 100;

    /// <summary>Below this a temperature is greedy: dividing by it would only overflow.</summary>
    public const float GreedyTemperature = 1e-5f;
}
