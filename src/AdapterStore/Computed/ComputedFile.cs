using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace AdapterServe.AdapterStore.Computed;

/// <summary>
/// The bytes of one file of computed values.
/// <b>Layout</b>: little-endian; magic, key, the number of entries, each entry as name, bytes of an element, content; at the end SHA-256 of all before. Texts and contents have their length
/// in front, 32 bits.
/// </summary>
internal static class ComputedFile
{
    private const int ChecksumBytes = 32;

    private static ReadOnlySpan<byte> Magic => "ASCOMP01"u8;

    public static byte[] Write(string key, ComputedValues values)
    {
        using var stream = new MemoryStream();
        stream.Write(Magic);
        Write(stream, Encoding.UTF8.GetBytes(key));
        var entries = values.Entries.ToList();
        Write(stream, entries.Count);
        foreach (var (name, elementBytes, content) in entries)
        {
            Write(stream, Encoding.UTF8.GetBytes(name));
            Write(stream, elementBytes);
            Write(stream, content.Span);
        }

        stream.Write(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        return stream.ToArray();
    }

    /// <summary>Fills in the values; false, with nothing filled in, where the bytes are not a whole file of this key.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> file, string key, ComputedValues values)
    {
        if (file.Length < Magic.Length + ChecksumBytes || !file.Span.StartsWith(Magic))
        {
            return false;
        }

        var body = file[..^ChecksumBytes];
        if (!SHA256.HashData(body.Span).AsSpan().SequenceEqual(file.Span[^ChecksumBytes..]))
        {
            return false;
        }

        var rest = body[Magic.Length..];
        var entries = new List<(string Name, int ElementBytes, ReadOnlyMemory<byte> Content)>();
        if (!TryTake(ref rest, out ReadOnlyMemory<byte> ownKey) || Encoding.UTF8.GetString(ownKey.Span) != key || !TryTake(ref rest, out int count))
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            if (!TryTake(ref rest, out ReadOnlyMemory<byte> name) || !TryTake(ref rest, out int elementBytes) || !TryTake(ref rest, out ReadOnlyMemory<byte> content))
            {
                return false;
            }

            entries.Add((Encoding.UTF8.GetString(name.Span), elementBytes, content));
        }

        if (count < 0 || rest.Length > 0)
        {
            return false;
        }

        entries.ForEach(entry => values.Add(entry.Name, entry.ElementBytes, entry.Content));
        return true;
    }

    private static void Write(MemoryStream stream, ReadOnlySpan<byte> bytes)
    {
        Write(stream, bytes.Length);
        stream.Write(bytes);
    }

    private static void Write(MemoryStream stream, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        stream.Write(bytes);
    }

    private static bool TryTake(ref ReadOnlyMemory<byte> rest, out int number)
    {
        if (!BinaryPrimitives.TryReadInt32LittleEndian(rest.Span, out number))
        {
            return false;
        }

        rest = rest[sizeof(int)..];
        return true;
    }

    private static bool TryTake(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (!TryTake(ref rest, out int length) || length < 0 || length > rest.Length)
        {
            return false;
        }

        (bytes, rest) = (rest[..length], rest[length..]);
        return true;
    }
}
