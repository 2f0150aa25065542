using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Messages;

/// <param name="InputTokens">Those of the prompt that were computed.</param>
/// <param name="CacheCreationInputTokens">Always 0: nothing is charged for the cache.</param>
/// <param name="CacheReadInputTokens">The rest of the prompt.</param>
/// <param name="OutputTokens">End ids included.</param>
internal sealed record MessageUsage(int InputTokens, int CacheCreationInputTokens, int CacheReadInputTokens, int OutputTokens)
{
    public static MessageUsage Of(Usage usage)
    {
        var cached = usage.PromptTokensDetails.CachedTokens;
        return new MessageUsage(usage.PromptTokens - cached, 0, cached, usage.CompletionTokens);
    }
}
