namespace AdapterServe.AdapterServer.Rest.Generations;

/// <param name="Logprob">Log-softmax of the raw logits.</param>
/// <param name="Rank">1 is the most likely token; null for a prompt token that is not among the best that were asked for.</param>
/// <param name="DecodedToken">The token's text.</param>
internal sealed record PromptLogprob(float Logprob, int? Rank, string DecodedToken);
