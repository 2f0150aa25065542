using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Responses;

/// <param name="InputTokens">The prompt.</param>
/// <param name="InputTokensDetails">What of it was not computed again.</param>
/// <param name="OutputTokens">End ids included.</param>
/// <param name="TotalTokens">Both.</param>
internal sealed record ResponseUsage(int InputTokens, PromptTokensDetails InputTokensDetails, int OutputTokens, int TotalTokens)
{
    public ResponseOutputDetails OutputTokensDetails { get; } = new(0);

    public static ResponseUsage Of(Usage usage) => new(usage.PromptTokens, usage.PromptTokensDetails, usage.CompletionTokens, usage.TotalTokens);
}
