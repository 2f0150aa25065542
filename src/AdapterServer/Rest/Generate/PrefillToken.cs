namespace AdapterServe.AdapterServer.Rest.Generate;

/// <param name="Id">In the vocabulary.</param>
/// <param name="Text">The token's own.</param>
/// <param name="Logprob">Null for the first one, which nothing predicts.</param>
internal sealed record PrefillToken(int Id, string Text, float? Logprob);
