using System.Buffers.Binary;
using System.Text;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.Gguf;

/// <summary>Reads a GGUF header's values in order. <b>Errors</b>: <c>gguf_truncated</c>, <c>gguf_text</c>.</summary>
internal sealed class GgufCursor(MappedFile file)
{
    private const int MaxTextBytes = 1 << 16;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public long Position { get; private set; }

    public long Left => file.Length - Position;

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public float Float32() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    public string Text()
    {
        var length = UInt64();
        if (length > MaxTextBytes)
        {
            throw GgufErrors.Text();
        }

        try
        {
            return Strict.GetString(Take((int)length));
        }
        catch (DecoderFallbackException)
        {
            throw GgufErrors.Text();
        }
    }

    public void Skip(ulong bytes)
    {
        if (bytes > (ulong)Left)
        {
            throw GgufErrors.Truncated();
        }

        Position += (long)bytes;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var start = Position;
        Skip((ulong)count);
        return file.Slice(start, count);
    }
}
