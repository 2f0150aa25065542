using AdapterServe.Engine.Models;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>What a request is checked against.</summary>
/// <param name="VocabularySize">Ids are in [0, size).</param>
/// <param name="ContextTokens">Most tokens of prompt and answer together.</param>
/// <param name="Defaults">What holds where a request says nothing.</param>
internal sealed record ModelFacts(int VocabularySize, int ContextTokens, GenerationDefaults Defaults)
{
    /// <summary>Ids of the prompt are in [0, this): more where an adapter reads a part of the prompt that knows more tokens than the one that answers.</summary>
    public int PromptVocabularySize { get; init; } = VocabularySize;
}
