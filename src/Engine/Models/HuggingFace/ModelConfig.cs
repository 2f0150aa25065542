using System.Collections.Immutable;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>What <c>config.json</c> and <c>generation_config.json</c> say of a model of the Llama architecture, defaults filled in and ranges checked.</summary>
internal sealed record ModelConfig
{
    public required int HiddenSize { get; init; }

    public required int FeedForwardSize { get; init; }

    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadSize { get; init; }

    public required int VocabularySize { get; init; }

    public required int ContextTokens { get; init; }

    public required float NormEpsilon { get; init; }

    public required double RopeTheta { get; init; }

    public required bool TiedEmbeddings { get; init; }

    public required bool AttentionBias { get; init; }

    public required bool FeedForwardBias { get; init; }

    public required ImmutableArray<int> EosTokenIds { get; init; }

    public int? BosTokenId { get; init; }

    public int QuerySize => Heads * HeadSize;

    public int KvSize => KvHeads * HeadSize;
}
