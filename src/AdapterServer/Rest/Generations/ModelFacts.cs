namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>What a request is checked against.</summary>
/// <param name="VocabularySize">Ids are in [0, size).</param>
/// <param name="ContextTokens">Most tokens of prompt and answer together.</param>
internal sealed record ModelFacts(int VocabularySize, int ContextTokens);
