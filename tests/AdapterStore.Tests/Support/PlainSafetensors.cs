using System.Buffers.Binary;
using System.Text.Json;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>Reads a tensor the plain way, value by value in double, sharing no code with what is tested.</summary>
internal sealed class PlainSafetensors(byte[] file)
{
    private readonly JsonElement _header = JsonDocument.Parse(file.AsMemory(8, HeaderBytes(file))).RootElement;

    public IEnumerable<string> Names => _header.EnumerateObject().Select(entry => entry.Name).Where(name => name != "__metadata__");

    public double[,] Matrix(string name)
    {
        var entry = _header.GetProperty(name);
        var (rows, columns) = (entry.GetProperty("shape")[0].GetInt32(), entry.GetProperty("shape")[1].GetInt32());
        var start = 8 + HeaderBytes(file) + entry.GetProperty("data_offsets")[0].GetInt32();
        var wide = entry.GetProperty("dtype").GetString() == "F32";
        var matrix = new double[rows, columns];
        for (var i = 0; i < rows * columns; i++)
        {
            matrix[i / columns, i % columns] = wide
                ? BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(start + (4 * i)))
                : BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(start + (2 * i))) << 16);
        }

        return matrix;
    }

    private static int HeaderBytes(byte[] file) => (int)BinaryPrimitives.ReadInt64LittleEndian(file);
}
