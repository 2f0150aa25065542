using System.Collections.Immutable;

namespace AdapterServe.Engine.Models.Decoders;

/// <summary>A tensor that a checkpoint must have and the graph has under the same name.</summary>
internal sealed record ModelTensor(string Name, ImmutableArray<long> Shape)
{
    /// <summary>What the graph has more than the checkpoint in each element: 1 for a norm that multiplies by 1 + w.</summary>
    public float Added { get; init; }

    /// <summary>The linear whose weight this is, if it is one's.</summary>
    public Linear? Linear { get; init; }
}
