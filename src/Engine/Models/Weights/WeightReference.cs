using System.Collections.Immutable;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>
/// Where an initializer of the graph lies.
/// <b>Layout</b>: little-endian, row-major, at a multiple of its element's size.
/// </summary>
/// <param name="Name">The initializer's name in the graph.</param>
/// <param name="Type">Its elements.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Path">The file that holds it.</param>
/// <param name="Offset">First byte.</param>
public sealed record WeightReference(string Name, ElementType Type, ImmutableArray<long> Shape, string Path, long Offset)
{
    public long Bytes => TensorSize.Bytes(Type, Shape.AsSpan());
}
