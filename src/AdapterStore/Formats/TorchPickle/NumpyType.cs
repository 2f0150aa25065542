using System.Buffers.Binary;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// The type of a numpy number, as it stands for single numbers among a pickle's own (<c>i8</c>, <c>f4</c>, …).
/// </summary>
internal sealed class NumpyType(string name)
{
    public bool IsBigEndian { get; set; }

    public static bool IsKnown(string name) => name is "b1" or "i1" or "i2" or "i4" or "i8" or "u1" or "u2" or "u4" or "u8" or "f2" or "f4" or "f8";

    /// <summary>The number in the bytes, or null when they are too few, too many, or beyond 64 signed bits.</summary>
    public PickleValue? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != name[1] - '0')
        {
            return null;
        }

        Span<byte> little = stackalloc byte[8];
        little.Clear();
        bytes.CopyTo(little);
        if (IsBigEndian)
        {
            little[..bytes.Length].Reverse();
        }

        var bits = BinaryPrimitives.ReadInt64LittleEndian(little);
        var unused = 64 - (8 * bytes.Length);
        return name[0] switch
        {
            'b' => PickleValue.From(bits != 0),
            'i' => PickleValue.From(bits << unused >> unused),
            'u' => bits >= 0 ? PickleValue.From(bits) : null,
            _ => PickleValue.From(bytes.Length switch
            {
                2 => (double)BitConverter.Int16BitsToHalf((short)bits),
                4 => BitConverter.Int32BitsToSingle((int)bits),
                _ => BitConverter.Int64BitsToDouble(bits),
            }),
        };
    }
}
