namespace AdapterServe.AdapterServer.Rest.Generations;

/// <param name="PromptTokens">Each prompt once, however many choices it has.</param>
/// <param name="CompletionTokens">All choices together, end ids included.</param>
/// <param name="TotalTokens">Both.</param>
/// <param name="PromptTokensDetails">What of the prompt was not computed again.</param>
internal sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails);
