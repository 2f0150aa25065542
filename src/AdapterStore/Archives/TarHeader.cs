using System.Buffers.Binary;
using System.Text;

namespace AdapterServe.AdapterStore.Archives;

/// <summary>
/// One header block of a tar archive. <b>Source</b>: POSIX ustar and pax, and GNU tar's documented extensions.
/// </summary>
/// <param name="Name">As stored, prefix included.</param>
/// <param name="Size">Bytes of content behind the header.</param>
/// <param name="Type">The type flag.</param>
internal readonly record struct TarHeader(string Name, long Size, byte Type)
{
    public const int Bytes = 512;
    public const byte PaxLocal = (byte)'x';
    public const byte PaxGlobal = (byte)'g';
    public const byte GnuLongName = (byte)'L';
    private const byte GnuLongLink = (byte)'K';

    public bool IsExtension => Type is PaxLocal or PaxGlobal or GnuLongName;

    public bool IsFile => Type is 0 or (byte)'0' or (byte)'7';

    public bool IsFolder => Type == (byte)'5';

    public TarHeader Apply(TarExtension extension) => new(extension.Name ?? Name, extension.Size ?? Size, Type);

    public static TarHeader Parse(ReadOnlySpan<byte> block)
    {
        if (Octal(block.Slice(148, 8)) != Sum(block))
        {
            throw Damaged("a header whose checksum is wrong");
        }

        var type = block[156];
        var size = Number(block.Slice(124, 12));
        if (type == GnuLongLink)
        {
            throw StoreErrors.Malformed("archive_link", "The tar archive holds a link.");
        }

        var name = Text(block[..100]);
        if (block.Slice(257, 6).SequenceEqual("ustar\0"u8) && Text(block.Slice(345, 155)) is { Length: > 0 } prefix)
        {
            name = prefix + "/" + name;
        }

        return new TarHeader(name, size, type);
    }

    /// <summary>The checksum counts its own field as spaces.</summary>
    private static long Sum(ReadOnlySpan<byte> block)
    {
        var sum = 0L;
        for (var i = 0; i < Bytes; i++)
        {
            sum += i is >= 148 and < 156 ? (byte)' ' : block[i];
        }

        return sum;
    }

    /// <summary>Octal digits, or GNU's big-endian binary form marked by the top bit.</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        if (field[0] != 0x80)
        {
            return Octal(field);
        }

        var value = BinaryPrimitives.ReadInt64BigEndian(field[^8..]);
        return value >= 0 && !field[1..^8].ContainsAnyExcept((byte)0) ? value : throw Damaged("a size that is no number");
    }

    private static long Octal(ReadOnlySpan<byte> field)
    {
        var digits = field.Trim(" \0"u8);
        var value = 0L;
        foreach (var digit in digits)
        {
            value = digit is >= (byte)'0' and <= (byte)'7' ? (value << 3) + (digit - '0') : throw Damaged("a field that is no number");
        }

        return value;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? field : field[..end]);
    }

    private static AdapterStoreException Damaged(string what) => StoreErrors.Malformed("tar_damaged", $"The tar archive has {what}.");
}
