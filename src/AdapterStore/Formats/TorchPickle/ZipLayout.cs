using System.IO.Compression;
using AdapterServe.AdapterStore.Archives;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// The layout since torch 1.6: a zip archive with <c>NAME/data.pkl</c>, <c>NAME/data/KEY</c> for each storage, and <c>NAME/byteorder</c>.
/// Stored entries are used where they lie, deflated ones unpacked into memory; checksums of stored ones are not looked at, as torch can be told to write none.
/// </summary>
internal sealed class ZipLayout : IStorageSource
{
    private const string Pickle = "data.pkl";

    private readonly MappedFile _file;
    private readonly PickleBudget _data;
    private readonly Dictionary<string, ZipRecord> _records;
    private readonly Dictionary<string, byte[]> _unpacked = new(StringComparer.Ordinal);
    private readonly string _prefix;

    private ZipLayout(MappedFile file, PickleBudget values, PickleBudget data)
    {
        _file = file;
        _data = data;
        _records = ZipDirectory.Read(file, values);
        var pickles = _records.Keys.Where(name => name == Pickle || (name.EndsWith("/" + Pickle, StringComparison.Ordinal) && name.Count(c => c == '/') == 1)).ToList();
        _prefix = pickles.Count == 1 ? pickles[0][..^Pickle.Length] : throw PickleErrors.MissingRecord(Pickle);
        IsBigEndian = ReadByteOrder();
    }

    public bool IsBigEndian { get; }

    public static (IStorageSource Storages, PickleValue Root) Read(MappedFile file, PickleBudget values, PickleBudget data)
    {
        var layout = new ZipLayout(file, values, data);
        var record = layout._records[layout._prefix + Pickle];
        var pickle = record.Bytes <= TorchPickleFile.MaxPickleBytes ? layout.Contents(record) : throw PickleErrors.TooLarge();

        var bytes = pickle.Array is null ? file.Slice(pickle.Offset, (int)pickle.Length) : pickle.Array;
        var root = Unpickler.Read(bytes, values, out var length);
        return length == bytes.Length ? (layout, root) : throw PickleErrors.Trailing();
    }

    public StorageBytes Find(PickleStorage storage)
    {
        var contents = Contents(_records.GetValueOrDefault(_prefix + "data/" + storage.Key) ?? throw PickleErrors.Storage(storage.Key));
        return contents.Length == storage.Bytes ? contents : throw PickleErrors.Storage(storage.Key);
    }

    private StorageBytes Contents(ZipRecord record)
    {
        if (!record.IsDeflated)
        {
            return new StorageBytes(null, record.Offset, record.Bytes);
        }

        if (!_unpacked.TryGetValue(record.Name, out var bytes))
        {
            bytes = Unpack(record);
            _unpacked.Add(record.Name, bytes);
        }

        return new StorageBytes(bytes, 0, bytes.Length);
    }

    private byte[] Unpack(ZipRecord record)
    {
        if (record.Bytes > Array.MaxLength || record.StoredBytes > Array.MaxLength)
        {
            throw PickleErrors.TooLarge();
        }

        _data.Take(record.Bytes);
        var bytes = new byte[record.Bytes];
        try
        {
            using var packed = new MemoryStream(_file.Slice(record.Offset, (int)record.StoredBytes).ToArray());
            using var inflate = new DeflateStream(packed, CompressionMode.Decompress);
            inflate.ReadExactly(bytes);
            if (inflate.ReadByte() >= 0)
            {
                throw PickleErrors.Zip("an entry unpacks to more than its size");
            }
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException)
        {
            throw PickleErrors.Zip("an entry cannot be unpacked", error);
        }

        var crc = new Crc32();
        crc.Append(bytes);
        return crc.Value == record.Crc32 ? bytes : throw PickleErrors.Zip("an entry's checksum is wrong");
    }

    private bool ReadByteOrder()
    {
        if (!_records.TryGetValue(_prefix + "byteorder", out var record))
        {
            return false;
        }

        var contents = record.Bytes <= 16 ? Contents(record) : throw PickleErrors.ByteOrder();
        ReadOnlySpan<byte> text = contents.Array ?? _file.Slice(contents.Offset, (int)contents.Length);
        return !text.SequenceEqual("little"u8) && (text.SequenceEqual("big"u8) ? true : throw PickleErrors.ByteOrder());
    }
}
