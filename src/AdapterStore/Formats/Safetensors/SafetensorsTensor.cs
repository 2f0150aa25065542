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

    /// <summary>Where a part made by <see cref="Rows"/> begins within the tensor that bears the name, in bytes.</summary>
    internal long Start { get; init; }

    /// <summary>Some of a matrix's rows, read like a tensor of the same name.</summary>
    internal SafetensorsTensor Rows(long first, long count)
    {
        var rowBytes = Bytes / Shape[0];
        return this with { Shape = Shape.SetItem(0, count), Offset = Offset + (first * rowBytes), Bytes = count * rowBytes, Start = Start + (first * rowBytes) };
    }

    public bool HasShape(params ReadOnlySpan<long> shape) => Shape.AsSpan().SequenceEqual(shape);
}
