using System.Collections.Immutable;
using AdapterServe.Engine.CustomOps;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>What a name of the folder's graph stands for.</summary>
internal abstract record GraphValue;

/// <summary>Activations that our graph has. <b>Shapes</b>: f32 [rows, Width].</summary>
internal sealed record Activation(string Name, int Width, RowKind Rows) : GraphValue
{
    /// <summary>Set for a layer's norm, whose output several linears read.</summary>
    public SharedInput? Shared { get; init; }

    /// <summary>Set for the output of an attention that rotates: the queries before their rotation, and the names of its tables.</summary>
    public string[]? Queries { get; init; }
}

/// <summary>Queries or keys seen as heads. <b>Shapes</b>: [T, Heads·Size], or [T·Heads, Size] once a norm has been there.</summary>
internal sealed record HeadView(string Name, int Heads, int Size, bool IsNormed) : GraphValue;

/// <summary>Queries or keys that a node of its own rotates; in our graph the attention does.</summary>
internal sealed record RotatedHeads(Activation Heads, Rotation Rotation) : GraphValue;

/// <summary>An embedding that is not in our graph yet: its scale may be a node of its own. <b>Shapes</b>: Gathered is f32 [T, Width].</summary>
internal sealed record PendingEmbedding(string Path, string Gathered, int Vocabulary, int Width) : GraphValue;

/// <summary>A linear that is not in our graph yet: its bias may be a node of its own, and several linears may be one.</summary>
internal sealed record PendingLinear(string Path, Activation Input, LinearWeights Weights, ImmutableArray<TensorRows> Bias) : GraphValue;

internal sealed record Constant(OnnxTensor Tensor) : GraphValue;

/// <summary>The transpose of a constant.</summary>
internal sealed record TransposedConstant(OnnxTensor Tensor) : GraphValue;

/// <summary>The past or present keys or values of a layer.</summary>
internal sealed record LayerCache(int Layer, bool HoldsValues) : GraphValue;

/// <summary>What only tells the folder's attention how long the sequences are; ours knows.</summary>
internal sealed record LengthTerm(LengthKind Kind) : GraphValue;
