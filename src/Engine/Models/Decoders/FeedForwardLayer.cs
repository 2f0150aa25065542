using System.Collections.Immutable;

namespace AdapterServe.Engine.Models.Decoders;

/// <summary>
/// The feed-forward network of a layer. <b>Semantics</b>: Output(σ(gate) ∘ up), or Output(σ(up)) where there is no gate.
/// </summary>
internal sealed record FeedForwardLayer
{
    public required string Path { get; init; }

    /// <summary>What makes gate and up, in that order: two linears, or one with two parts; one without parts makes up alone.</summary>
    public required ImmutableArray<Linear> Inputs { get; init; }

    public required Linear Output { get; init; }

    public required Activation Activation { get; init; }
}
