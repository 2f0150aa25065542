namespace AdapterServe.AdapterServer.Rest.Generations;

/// <param name="CachedTokens">Prompt tokens whose keys and values came from the prefix cache.</param>
internal sealed record PromptTokensDetails(int CachedTokens);
