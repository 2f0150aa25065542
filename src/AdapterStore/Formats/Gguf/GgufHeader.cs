using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.Gguf;

/// <summary>
/// What stands before a GGUF file's data, checked in full: no tensor leaves the file.
/// <b>Layout</b>: magic, version, tensor count, key count; keys with typed values; tensors (name, sizes innermost first, type, offset); data from the next aligned byte.
/// <b>Errors</b>: Malformed <c>gguf_…</c>, one for each way; Unservable <c>gguf_quantised</c>. <b>Source</b>: ggml's docs/gguf.md.
/// </summary>
internal sealed class GgufHeader
{
    private const int MinEntryBytes = 13;
    private const int MaxEntries = 1 << 16;
    private const ulong MaxListed = 4096;
    private const uint TextType = 8;
    private const uint ListType = 9;
    private const string AlignmentKey = "general.alignment";
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);

    /// <summary>Values that are strings.</summary>
    public Dictionary<string, string> Texts { get; } = new(StringComparer.Ordinal);

    /// <summary>Values that are f32 or u32.</summary>
    public Dictionary<string, double> Numbers { get; } = new(StringComparer.Ordinal);

    /// <summary>Values that are short lists of i32 or u32.</summary>
    public Dictionary<string, long[]> Integers { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, GgufTensor> Tensors { get; } = new(StringComparer.Ordinal);

    public bool Has(string key) => _keys.Contains(key);

    public static GgufHeader Read(MappedFile file)
    {
        if (file.Length < 4 || !file.Slice(0, 4).SequenceEqual("GGUF"u8))
        {
            throw GgufErrors.Magic();
        }

        var cursor = new GgufCursor(file);
        cursor.Skip(4);
        var version = cursor.UInt32();
        if (version is not (2 or 3))
        {
            throw GgufErrors.Version(version);
        }

        var tensors = Count(cursor.UInt64(), cursor);
        var keys = Count(cursor.UInt64(), cursor);
        var header = new GgufHeader();
        for (var i = 0; i < keys; i++)
        {
            header.ReadKey(cursor);
        }

        header.ReadTensors(cursor, tensors, file.Length);
        return header;
    }

    private static int Count(ulong count, GgufCursor cursor) =>
        count <= (ulong)cursor.Left / MinEntryBytes && count <= MaxEntries ? (int)count : throw GgufErrors.Count();

    private static ulong SizeOf(uint type) => type switch
    {
        0 or 1 or 7 => 1,
        2 or 3 => 2,
        4 or 5 or 6 => 4,
        10 or 11 or 12 => 8,
        _ => throw GgufErrors.ValueType(type),
    };

    private void ReadKey(GgufCursor cursor)
    {
        var key = cursor.Text();
        if (!_keys.Add(key))
        {
            throw GgufErrors.Duplicate(key);
        }

        var type = cursor.UInt32();
        switch (type)
        {
            case 4:
                Numbers.Add(key, cursor.UInt32());
                break;
            case 6:
                Numbers.Add(key, cursor.Float32());
                break;
            case TextType:
                Texts.Add(key, cursor.Text());
                break;
            case ListType:
                ReadList(key, cursor);
                break;
            default:
                cursor.Skip(SizeOf(type));
                break;
        }
    }

    private void ReadList(string key, GgufCursor cursor)
    {
        var type = cursor.UInt32();
        var count = cursor.UInt64();
        if (count > (ulong)cursor.Left)
        {
            throw GgufErrors.Count();
        }

        if (type is 4 or 5 && count is > 0 and <= MaxListed)
        {
            Integers.Add(key, [.. Enumerable.Range(0, (int)count).Select(_ => type == 4 ? cursor.UInt32() : (long)(int)cursor.UInt32())]);
            return;
        }

        if (type != TextType)
        {
            cursor.Skip(count * SizeOf(type));
            return;
        }

        for (var i = 0UL; i < count; i++)
        {
            cursor.Skip(cursor.UInt64());
        }
    }

    private void ReadTensors(GgufCursor cursor, int count, long fileBytes)
    {
        var infos = new List<(string Name, ulong Columns, ulong Rows, uint Type, ulong Offset)>();
        for (var i = 0; i < count; i++)
        {
            infos.Add(ReadInfo(cursor));
        }

        var alignment = Numbers.GetValueOrDefault(AlignmentKey, 32);
        if ((Has(AlignmentKey) && !Numbers.ContainsKey(AlignmentKey)) || alignment is < 8 or > 65_536 || !double.IsPow2(alignment))
        {
            throw GgufErrors.Alignment();
        }

        var unit = (long)alignment;
        var start = (cursor.Position + unit - 1) / unit * unit;
        foreach (var (name, columns, rows, type, offset) in infos)
        {
            var tensor = Place(name, columns, rows, type, offset, start, unit, fileBytes);
            if (!Tensors.TryAdd(name, tensor))
            {
                throw GgufErrors.Duplicate(name);
            }
        }
    }

    private static (string Name, ulong Columns, ulong Rows, uint Type, ulong Offset) ReadInfo(GgufCursor cursor)
    {
        var name = cursor.Text();
        var dimensions = cursor.UInt32();
        if (dimensions is < 1 or > 4)
        {
            throw GgufErrors.Tensor(name);
        }

        var columns = cursor.UInt64();
        var rows = dimensions > 1 ? cursor.UInt64() : 1;
        for (var i = 2u; i < dimensions; i++)
        {
            if (cursor.UInt64() != 1)
            {
                throw GgufErrors.Tensor(name);
            }
        }

        return (name, columns, rows, cursor.UInt32(), cursor.UInt64());
    }

    private static GgufTensor Place(string name, ulong columns, ulong rows, uint type, ulong offset, long start, long alignment, long fileBytes)
    {
        var dtype = type switch
        {
            0 => SafetensorsType.F32,
            1 => SafetensorsType.F16,
            30 => SafetensorsType.BF16,
            _ => throw GgufErrors.Quantised(name),
        };
        var limit = (ulong)fileBytes;
        if (columns is 0 || rows is 0 || columns > limit || rows > limit || offset > limit || offset % (ulong)alignment != 0
            || (UInt128)start + offset + ((UInt128)columns * rows * (ulong)SafetensorsTypes.Bytes(dtype)) > limit)
        {
            throw GgufErrors.Tensor(name);
        }

        return new GgufTensor(name, dtype, (long)rows, (long)columns, start + (long)offset);
    }
}
