using System.Collections.Immutable;

namespace AdapterServe.Engine.Models.Decoders;

/// <summary>y = W x + b.</summary>
/// <param name="Path">Its module path.</param>
/// <param name="In">Width of x.</param>
/// <param name="Out">Width of y.</param>
/// <param name="HasBias">Whether there is a b.</param>
internal sealed record Linear(string Path, int In, int Out, bool HasBias)
{
    /// <summary>Whether the checkpoint holds Wᵀ, [in, out].</summary>
    public bool IsTransposed { get; init; }

    /// <summary>What a fused linear is made of, in the order of its rows; empty for others.</summary>
    public ImmutableArray<LinearPart> Parts { get; init; } = [];

    public string Weight => Path + ".weight";

    public string? Bias => HasBias ? Path + ".bias" : null;

    public ImmutableArray<long> WeightShape => IsTransposed ? [In, Out] : [Out, In];
}
