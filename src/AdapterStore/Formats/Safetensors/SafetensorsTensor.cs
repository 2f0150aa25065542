using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Safetensors;

/// <summary>
/// One tensor of a file: row-major, little-endian.
/// </summary>
/// <param name="Name">The key in the file.</param>
/// <param name="DType">Element type.</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="Offset">First byte, from the start of the file; not necessarily aligned.</param>
/// <param name="Bytes">Size in bytes, equal to the shape's product times the element's size.</param>
public sealed record SafetensorsTensor(string Name, SafetensorsType DType, ImmutableArray<long> Shape, long Offset, long Bytes)
{
    public long Elements => Bytes / SafetensorsTypes.Bytes(DType);

    public bool HasShape(params ReadOnlySpan<long> shape) => Shape.AsSpan().SequenceEqual(shape);
}
