namespace AdapterServe.AdapterServer.Rest.Embeddings;

/// <param name="PromptTokens">Of all inputs.</param>
/// <param name="TotalTokens">The same.</param>
internal sealed record EmbeddingUsage(int PromptTokens, int TotalTokens);
