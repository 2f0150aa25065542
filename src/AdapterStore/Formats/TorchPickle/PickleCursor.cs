using System.Buffers.Binary;
using System.Text;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>Reads a pickle's bytes in order. <b>Errors</b>: <c>pickle_truncated</c>, <c>pickle_text</c>.</summary>
internal ref struct PickleCursor(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public double Float() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    public ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)(_bytes.Length - Position))
        {
            throw PickleErrors.Truncated();
        }

        var taken = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    public ReadOnlySpan<byte> Line()
    {
        var length = _bytes[Position..].IndexOf((byte)'\n');
        if (length < 0)
        {
            throw PickleErrors.Truncated();
        }

        var line = _bytes.Slice(Position, length);
        Position += length + 1;
        return line;
    }

    public static string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw PickleErrors.Text();
        }
    }
}
