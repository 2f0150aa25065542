using System.Text;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>
/// An <c>.onnx_adapter</c> file put together by the format's description, which a test then spoils.
/// Everything lies in one piece behind what refers to it: root offset, identifier, field lists, tables, vectors.
/// </summary>
internal sealed class OnnxAdapterBytes
{
    private readonly List<byte> _bytes = [];

    public byte[] Identifier { get; set; } = "TORT"u8.ToArray();

    public int Version { get; set; } = 1;

    public uint? Count { get; set; }

    public List<OnnxAdapterEntry> Parameters { get; } = [];

    public byte[] ToArray()
    {
        _bytes.Clear();
        Write(0);
        _bytes.AddRange(Identifier);
        Point(0);
        Table(4, out var fields);
        Fill(fields[0], Version);
        Fill(fields[1], 1);
        Fill(fields[2], 1);
        Point(fields[3]);
        Write((int)(Count ?? (uint)Parameters.Count));
        var offsets = Parameters.Select(_ => Write(0)).ToArray();
        for (var i = 0; i < offsets.Length; i++)
        {
            AddParameter(offsets[i], Parameters[i]);
        }

        return [.. _bytes];
    }

    private void AddParameter(int from, OnnxAdapterEntry parameter)
    {
        var fieldList = Table(4, out var fields);
        Fill(from, fieldList - from);
        Fill(fields[2], parameter.Type);
        Point(fields[0]);
        var name = parameter.RawName ?? Encoding.UTF8.GetBytes(parameter.Name);
        Write(name.Length);
        _bytes.AddRange(name);
        Point(fields[1]);
        Write(parameter.Sizes.Length);
        _bytes.AddRange(parameter.Sizes.SelectMany(BitConverter.GetBytes));
        Point(fields[3]);
        Write((int)(parameter.DataLength ?? (uint)parameter.Data.Length));
        _bytes.AddRange(parameter.Data);
    }

    /// <summary>A list of fields and behind it its table, whose place is returned.</summary>
    private int Table(int count, out int[] fields)
    {
        var list = _bytes.Count;
        _bytes.AddRange(BitConverter.GetBytes((ushort)(4 + (2 * count))));
        _bytes.AddRange(BitConverter.GetBytes((ushort)(4 + (4 * count))));
        for (var i = 0; i < count; i++)
        {
            _bytes.AddRange(BitConverter.GetBytes((ushort)(4 + (4 * i))));
        }

        var table = Write(0);
        Fill(table, table - list);
        fields = [.. Enumerable.Range(0, count).Select(_ => Write(0))];
        if (list == 8)
        {
            Fill(0, table);
        }

        return table;
    }

    private int Write(int value)
    {
        _bytes.AddRange(BitConverter.GetBytes(value));
        return _bytes.Count - sizeof(int);
    }

    private void Fill(int position, int value)
    {
        for (var i = 0; i < sizeof(int); i++)
        {
            _bytes[position + i] = (byte)(value >> (8 * i));
        }
    }

    /// <summary>An offset to what comes next.</summary>
    private void Point(int position) => Fill(position, _bytes.Count - position);
}
