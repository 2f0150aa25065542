using System.Collections.Immutable;
using AdapterServe.Kernels.Cpu;

namespace AdapterServe.Engine.Models;

/// <summary>The sizes of a model that the engine plans with.</summary>
public sealed record ModelShape
{
    public required int Layers { get; init; }

    public required int HiddenSize { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadSize { get; init; }

    public required int VocabularySize { get; init; }

    /// <summary>Multiplies the head's output, before any cap.</summary>
    public float LogitScale { get; init; } = 1;

    /// <summary>c in c · tanh(logit / c); 0 for none.</summary>
    public float LogitSoftCap { get; init; }

    /// <summary>Most tokens that a sequence may have; also the rows of the rotary tables.</summary>
    public required int ContextTokens { get; init; }

    /// <summary>Whether positions are learned, so that the graph has <see cref="Graph.GraphNames.PositionIds"/>.</summary>
    public bool LearnedPositions { get; init; }

    /// <summary>Null where the length of a sequence does not change its rotation.</summary>
    public LongRotation? LongRotation { get; init; }

    /// <summary>Ids that end a sequence; empty when the model names none.</summary>
    public required ImmutableArray<int> EosTokenIds { get; init; }

    public int? BosTokenId { get; init; }

    /// <summary>How keys and values are held.</summary>
    public KvFormat KvFormat { get; init; }

    /// <summary>Bytes that one position takes in the key and value caches of all layers.</summary>
    public long KvBytesPerToken => 2L * Layers * KvHeads * KvRows.Bytes(KvFormats.TypeOf(KvFormat), HeadSize);
}
