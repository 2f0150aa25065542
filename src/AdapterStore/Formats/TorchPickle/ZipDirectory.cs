using System.Buffers.Binary;
using System.Text;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// The entries of a mapped zip archive with their places, which the framework's archive does not tell: stored tensors are read where they lie.
/// <b>Layout</b>: one directory directly before the end records, zip64 or not; stored or deflated entries, before the directory, not overlapping.
/// <b>Errors</b>: <c>pickle_zip</c>, <c>pickle_zip_name</c>, <c>pickle_zip_duplicate</c>, <c>pickle_zip_overlap</c>, <c>pickle_zip_encrypted</c>.
/// <b>Source</b>: PKWARE's APPNOTE.
/// </summary>
internal sealed class ZipDirectory
{
    private const int EndBytes = 22;
    private const int LocatorBytes = 20;
    private const int End64Bytes = 56;
    private const int EntryBytes = 46;
    private const int LocalBytes = 30;
    private const int MaxCommentBytes = ushort.MaxValue;
    private const int MaxDirectoryBytes = 64 << 20;
    private const int EncryptedFlags = 0x2041;
    private const int Deflated = 8;

    private readonly MappedFile _file;
    private readonly PickleBudget _budget;

    private ZipDirectory(MappedFile file, PickleBudget budget)
    {
        _file = file;
        _budget = budget;
    }

    public static Dictionary<string, ZipRecord> Read(MappedFile file, PickleBudget budget) => new ZipDirectory(file, budget).Read();

    private Dictionary<string, ZipRecord> Read()
    {
        var (start, length, count) = Find();
        var records = new Dictionary<string, ZipRecord>(StringComparer.Ordinal);
        var ranges = new List<(long Start, long End)>();
        var directory = _file.Slice(start, (int)length);
        for (var i = 0L; i < count; i++)
        {
            var record = Entry(ref directory, start, out var local);
            if (!records.TryAdd(record.Name, record))
            {
                throw PickleErrors.ZipDuplicate(record.Name);
            }

            ranges.Add((local, record.Offset + record.StoredBytes));
        }

        if (!directory.IsEmpty)
        {
            throw PickleErrors.Zip("its directory has bytes that belong to no entry");
        }

        RequireNoOverlap(ranges);
        return records;
    }

    private (long Start, long Length, long Count) Find()
    {
        var tailStart = Math.Max(0, _file.Length - EndBytes - MaxCommentBytes);
        var tail = _file.Slice(tailStart, (int)(_file.Length - tailStart));
        for (var at = tail.Length - EndBytes; at >= 0; at--)
        {
            var record = tail[at..];
            if (record.StartsWith("PK\x05\x06"u8) && BinaryPrimitives.ReadUInt16LittleEndian(record[20..]) == record.Length - EndBytes)
            {
                return Directory(record, tailStart + at);
            }
        }

        throw PickleErrors.Zip("it has no end record");
    }

    private (long Start, long Length, long Count) Directory(ReadOnlySpan<byte> end, long endStart)
    {
        var behind = endStart;
        long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
        long start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        if (endStart >= LocatorBytes && _file.Slice(endStart - LocatorBytes, LocatorBytes) is var locator && locator.StartsWith("PK\x06\x07"u8))
        {
            behind = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
            if (behind < 0 || behind > endStart - LocatorBytes - End64Bytes || !_file.Slice(behind, End64Bytes).StartsWith("PK\x06\x06"u8))
            {
                throw PickleErrors.Zip("its zip64 end record is not where its locator says");
            }

            var end64 = _file.Slice(behind, End64Bytes);
            count = BinaryPrimitives.ReadInt64LittleEndian(end64[32..]);
            length = BinaryPrimitives.ReadInt64LittleEndian(end64[40..]);
            start = BinaryPrimitives.ReadInt64LittleEndian(end64[48..]);
        }

        if (start < 0 || length is < 0 or > MaxDirectoryBytes || start > behind || start + length != behind || count < 0 || count > length / EntryBytes)
        {
            throw PickleErrors.Zip("its directory is too large or not where its end record says");
        }

        return (start, length, count);
    }

    private ZipRecord Entry(ref ReadOnlySpan<byte> directory, long directoryStart, out long local)
    {
        if (directory.Length < EntryBytes || !directory.StartsWith("PK\x01\x02"u8))
        {
            throw PickleErrors.Zip("its directory is cut");
        }

        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(directory[28..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(directory[30..]);
        var total = EntryBytes + nameLength + extraLength + BinaryPrimitives.ReadUInt16LittleEndian(directory[32..]);
        if (directory.Length < total)
        {
            throw PickleErrors.Zip("its directory is cut");
        }

        _budget.Take(200 + (2 * nameLength));
        var name = Name(directory.Slice(EntryBytes, nameLength));
        int method = BinaryPrimitives.ReadUInt16LittleEndian(directory[10..]);
        RequireReadable(BinaryPrimitives.ReadUInt16LittleEndian(directory[8..]), method);
        long stored = BinaryPrimitives.ReadUInt32LittleEndian(directory[20..]);
        long bytes = BinaryPrimitives.ReadUInt32LittleEndian(directory[24..]);
        local = BinaryPrimitives.ReadUInt32LittleEndian(directory[42..]);
        Widen(directory.Slice(EntryBytes + nameLength, extraLength), ref bytes, ref stored, ref local);
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(directory[16..]);
        var offset = DataOffset(local, directory.Slice(EntryBytes, nameLength), directoryStart);
        if (stored < 0 || bytes < 0 || stored > directoryStart - offset || (method != Deflated && stored != bytes))
        {
            throw PickleErrors.Zip("an entry reaches outside of it");
        }

        directory = directory[total..];
        return new ZipRecord(name, offset, stored, bytes, method == Deflated, crc);
    }

    private static void RequireReadable(int flags, int method)
    {
        if ((flags & EncryptedFlags) != 0)
        {
            throw PickleErrors.ZipEncrypted();
        }

        if (method is not (0 or Deflated))
        {
            throw PickleErrors.Zip("an entry is compressed by another method than deflate");
        }
    }

    /// <summary>Sizes and place from the zip64 field, in this order, each only where the directory has all ones.</summary>
    private static void Widen(ReadOnlySpan<byte> extra, ref long bytes, ref long stored, ref long local)
    {
        while (extra.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4)
            {
                throw PickleErrors.Zip("an entry's extra field is cut");
            }

            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == 1)
            {
                var field = extra.Slice(4, length);
                bytes = Wide(bytes, ref field);
                stored = Wide(stored, ref field);
                local = Wide(local, ref field);
                return;
            }

            extra = extra[(4 + length)..];
        }
    }

    private static long Wide(long value, ref ReadOnlySpan<byte> field)
    {
        if (value != uint.MaxValue)
        {
            return value;
        }

        if (field.Length < 8)
        {
            throw PickleErrors.Zip("an entry's zip64 field is cut");
        }

        value = BinaryPrimitives.ReadInt64LittleEndian(field);
        field = field[8..];
        return value;
    }

    private long DataOffset(long local, ReadOnlySpan<byte> name, long directoryStart)
    {
        if (local < 0 || local > directoryStart - LocalBytes)
        {
            throw PickleErrors.Zip("an entry reaches outside of it");
        }

        var header = _file.Slice(local, LocalBytes);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[26..]);
        var offset = local + LocalBytes + nameLength + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        return header.StartsWith("PK\x03\x04"u8) && offset <= directoryStart && _file.Slice(local + LocalBytes, nameLength).SequenceEqual(name)
            ? offset
            : throw PickleErrors.Zip("an entry is not where its directory says");
    }

    /// <summary>Names are keys here and never become paths; odd ones are refused all the same.</summary>
    private static string Name(ReadOnlySpan<byte> bytes)
    {
        var name = Encoding.Latin1.GetString(bytes);
        var isPlain = bytes.Length > 0 && bytes[0] != '/' && !name.Any(c => c is < ' ' or '\\' or ':' or '\x7F')
            && !name.Split('/').Any(part => part is "" or "." or "..");
        return isPlain ? name : throw PickleErrors.ZipName(name);
    }

    private static void RequireNoOverlap(List<(long Start, long End)> ranges)
    {
        ranges.Sort();
        for (var i = 1; i < ranges.Count; i++)
        {
            if (ranges[i].Start < ranges[i - 1].End)
            {
                throw PickleErrors.ZipOverlap();
            }
        }
    }
}
