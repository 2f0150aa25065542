using System.Collections.Immutable;
using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.Kernels.Memory;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// A constant of the graph. <b>Layout</b>: row-major, little-endian; in a data file, or in the model file itself, which is in memory then.
/// </summary>
internal sealed record OnnxTensor(string Name, ElementType Type, ImmutableArray<long> Shape)
{
    /// <summary>The mapped data file; null for bytes of the model file.</summary>
    public MappedFile? File { get; init; }

    /// <summary>First byte in the data file.</summary>
    public long Offset { get; init; }

    /// <summary>The bytes where there is no data file.</summary>
    public ReadOnlyMemory<byte> Inline { get; init; }

    public long Bytes => TensorSize.Bytes(Type, Shape.AsSpan());

    public int ElementBytes => (int)TensorSize.Bytes(Type, [1]);

    public bool HasShape(params ReadOnlySpan<long> shape) => Shape.AsSpan().SequenceEqual(shape);

    public ReadOnlySpan<byte> Slice(long offset, int length) =>
        File is null ? Inline.Span.Slice((int)offset, length) : File.Slice(Offset + offset, length);

    /// <summary>Where <paramref name="offset"/> lies, if a session can map it from there; otherwise null.</summary>
    public FilePlace? PlaceAt(long offset) =>
        File is { } file && (Offset + offset) % ElementBytes == 0 ? new FilePlace(file.Path, Offset + offset) : null;

    /// <summary>The values of a small int64 constant, or null for anything else.</summary>
    public long[]? Integers() =>
        Type == ElementType.Int64 && Shape.Length <= 1 && Bytes <= 64 ? MemoryMarshal.Cast<byte, long>(Slice(0, (int)Bytes)).ToArray() : null;

    /// <summary>The value of a constant with one f32, or null for anything else.</summary>
    public float? Scalar() => Type == ElementType.Float32 && Bytes == sizeof(float) ? MemoryMarshal.Read<float>(Slice(0, sizeof(float))) : null;
}
