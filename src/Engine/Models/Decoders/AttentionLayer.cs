using System.Collections.Immutable;

namespace AdapterServe.Engine.Models.Decoders;

/// <summary>The attention of a layer.</summary>
internal sealed record AttentionLayer
{
    public required string Path { get; init; }

    /// <summary>What makes queries, keys and values, in that order: three linears, or one with three parts.</summary>
    public required ImmutableArray<Linear> Inputs { get; init; }

    public required Linear Output { get; init; }

    /// <summary>Norm of each query head before the rotation, if there is one.</summary>
    public Norm? QueryNorm { get; init; }

    /// <summary>Norm of each key head before the rotation, if there is one.</summary>
    public Norm? KeyNorm { get; init; }

    /// <summary>Multiplies q·k.</summary>
    public required float Scale { get; init; }

    /// <summary>c in c · tanh(logit / c); 0 for none.</summary>
    public float SoftCap { get; init; }

    /// <summary>Positions that a token sees, itself included; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>Index in <see cref="DecoderModel.Rotaries"/>; null where positions are learned.</summary>
    public int? Rotary { get; init; }
}
