namespace AdapterServe.AdapterServer.Rest.Generations;

/// <param name="Logprob">Log-softmax of the raw logits.</param>
/// <param name="Rank">1 is the most likely token of the vocabulary; of equally likely ones the smaller id comes first.</param>
/// <param name="DecodedToken">The token's text.</param>
internal sealed record PromptLogprob(float Logprob, int Rank, string DecodedToken);
