using System.Buffers.Binary;
using System.Text;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.OnnxAdapter;

/// <summary>
/// Reads a FlatBuffers file; every place is checked before it is read.
/// <b>Layout</b>: offsets are relative to where they stand; a table begins with the distance back to its list of fields, which holds each field's
/// distance from the table's
/// start, 0 for an absent one; strings and vectors begin with their length. <b>Errors</b>: <c>onnx_adapter_truncated</c>, <c>onnx_adapter_text</c>.
/// <b>Source</b>: FlatBuffers' internals page.
/// </summary>
internal sealed class FlatBuffer(MappedFile file)
{
    private const int FieldsFrom = 4;
    private const int MaxTextBytes = 1 << 12;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Where the table is that an offset at <paramref name="position"/> points to.</summary>
    public long Follow(long position) => position + BinaryPrimitives.ReadUInt32LittleEndian(Take(position, sizeof(uint)));

    public bool HasIdentifier(ReadOnlySpan<byte> identifier) => file.Length >= 8 && file.Slice(4, 4).SequenceEqual(identifier);

    /// <summary>Where a table's field lies; null for an absent one.</summary>
    public long? Field(long table, int index)
    {
        var fields = table - BinaryPrimitives.ReadInt32LittleEndian(Take(table, sizeof(int)));
        var bytes = BinaryPrimitives.ReadUInt16LittleEndian(Take(fields, sizeof(ushort)));
        var at = FieldsFrom + (index * sizeof(ushort));
        if (at + sizeof(ushort) > bytes)
        {
            return null;
        }

        var distance = BinaryPrimitives.ReadUInt16LittleEndian(Take(fields + at, sizeof(ushort)));
        return distance == 0 ? null : table + distance;
    }

    public int Number(long table, int index) => Field(table, index) is { } at ? BinaryPrimitives.ReadInt32LittleEndian(Take(at, sizeof(int))) : 0;

    public string Text(long table, int index)
    {
        var (start, length) = Vector(table, index, elementBytes: 1);
        try
        {
            return length <= MaxTextBytes ? Strict.GetString(Take(start, (int)length)) : throw OnnxAdapterErrors.Text();
        }
        catch (DecoderFallbackException)
        {
            throw OnnxAdapterErrors.Text();
        }
    }

    /// <summary>Where a vector's first element lies, and how many there are; none where the field is absent.</summary>
    public (long Start, long Count) Vector(long table, int index, int elementBytes)
    {
        if (Field(table, index) is not { } at)
        {
            return (0, 0);
        }

        var vector = Follow(at);
        long count = BinaryPrimitives.ReadUInt32LittleEndian(Take(vector, sizeof(uint)));
        Require(vector + sizeof(uint), count * elementBytes);
        return (vector + sizeof(uint), count);
    }

    public long Int64(long position) => BinaryPrimitives.ReadInt64LittleEndian(Take(position, sizeof(long)));

    private ReadOnlySpan<byte> Take(long position, int bytes)
    {
        Require(position, bytes);
        return file.Slice(position, bytes);
    }

    private void Require(long position, long bytes)
    {
        if (position < 0 || bytes > file.Length - position)
        {
            throw OnnxAdapterErrors.Truncated();
        }
    }
}
