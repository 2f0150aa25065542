using System.Collections.Immutable;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>What <c>genai_config.json</c> says of a model, ranges checked.</summary>
internal sealed record GenAiConfig
{
    public required GenAiFamily Family { get; init; }

    /// <summary>The graph's file, a plain name.</summary>
    public required string GraphFile { get; init; }

    public required GenAiNames Names { get; init; }

    public required GenAiSearch Search { get; init; }

    public required int Layers { get; init; }

    public required int HiddenSize { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadSize { get; init; }

    public required int VocabularySize { get; init; }

    public required int ContextTokens { get; init; }

    public required ImmutableArray<int> EosTokenIds { get; init; }

    public int? BosTokenId { get; init; }

    public int QuerySize => Heads * HeadSize;

    public int KvSize => KvHeads * HeadSize;
}
