using System.Runtime.InteropServices;
using System.Text;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>
/// An <c>.onnx_adapter</c> file of <see cref="SmallLora"/>'s tensors, put together by the format's description, which a test then spoils.
/// Everything lies in one piece behind what refers to it: root offset, identifier, field lists, tables, vectors.
/// </summary>
internal sealed class OnnxAdapterBytes
{
    private const float Scale = 2;
    private readonly List<byte> _bytes = [];

    public byte[] Identifier { get; set; } = "TORT"u8.ToArray();

    public int Version { get; set; } = 1;

    public uint? Count { get; set; }

    public List<OnnxAdapterEntry> Parameters { get; } = [];

    /// <param name="lora">Alpha over its rank is <see cref="Scale"/>.</param>
    /// <param name="type">1 for f32, 10 for f16, 16 for bf16.</param>
    public static OnnxAdapterBytes Of(SmallLora lora, int type = 1)
    {
        var file = new OnnxAdapterBytes();
        foreach (var (name, (shape, values)) in lora.Tensors)
        {
            var scale = name.Contains("lora_B", StringComparison.Ordinal) ? Scale : 1;
            var (rows, columns) = ((int)shape[0], (int)shape[1]);
            var transposed = new float[values.Length];
            for (var i = 0; i < values.Length; i++)
            {
                transposed[(i % columns * rows) + (i / columns)] = values[i] * scale;
            }

            file.Parameters.Add(new OnnxAdapterEntry(name[SmallLora.Prefix.Length..], [columns, rows], type, Encode(transposed, type)));
        }

        return file;
    }

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

    private static byte[] Encode(float[] values, int type) => type switch
    {
        1 => MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
        10 => [.. values.SelectMany(value => BitConverter.GetBytes((Half)value))],
        _ => [.. values.SelectMany(value => BitConverter.GetBytes(value)[2..])],
    };

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
