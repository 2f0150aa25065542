using System.Collections.Immutable;
using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.Kernels.Cpu;

namespace AdapterServe.Engine.Models.HuggingFace.Quantized;

/// <summary>
/// The initializers that a packed linear is written as: the same integers, scales and zero points in the layout of <see cref="Kernels.Weights.BlockFormat"/>,
/// or their f32 values.
/// </summary>
internal static class PackedLinearWeights
{
    /// <summary>Rows that are unpacked at once: a cache line of words of either method.</summary>
    private const int TileRows = 128;

    public static IWeightSource Codes(PackedLinear linear) => new Source(linear, WriteCodes);

    public static IWeightSource Scales(PackedLinear linear) => new Source(linear, WriteScales);

    public static IWeightSource ZeroPoints(PackedLinear linear) => new Source(linear, WriteZeros);

    /// <summary>f32 [out, in], inputs in the model's order.</summary>
    public static IWeightSource Dequantized(PackedLinear linear) => new Source(linear, WriteDequantized);

    private static void WriteCodes(PackedLinear linear, int firstRow, int rows, Stream stream)
    {
        var columns = linear.Columns;
        var codes = new byte[rows * columns];
        linear.ReadCodes(firstRow, codes);
        var packed = new byte[linear.Format.RowBytes(columns)];
        var ordered = new byte[columns];
        for (var row = 0; row < rows; row++)
        {
            var own = codes.AsSpan(row * columns, columns);
            Reorder(own, linear.Order, ordered);
            Pack(linear.Format.Bits, ordered, packed);
            stream.Write(packed);
        }
    }

    private static void WriteScales(PackedLinear linear, int firstRow, int rows, Stream stream)
    {
        var scales = new float[rows * linear.Groups];
        linear.ReadScales(firstRow, scales);
        stream.Write(MemoryMarshal.AsBytes(Widen(linear, scales).AsSpan()));
    }

    private static void WriteZeros(PackedLinear linear, int firstRow, int rows, Stream stream)
    {
        var zeros = new byte[rows * linear.Groups];
        linear.ReadZeros(firstRow, zeros);
        stream.Write(PackRows(linear, Widen(linear, zeros)));
    }

    private static void WriteDequantized(PackedLinear linear, int firstRow, int rows, Stream stream)
    {
        var codes = new MemoryStream();
        WriteCodes(linear, firstRow, rows, codes);
        var (scales, zeros) = (new float[rows * linear.Groups], new byte[rows * linear.Groups]);
        linear.ReadScales(firstRow, scales);
        linear.ReadZeros(firstRow, zeros);
        var values = new float[rows * linear.Columns];
        var packedZeros = PackRows(linear, Widen(linear, zeros));
        BlockDequantizer.Dequantize(
            linear.Format, linear.Columns, codes.GetBuffer().AsSpan(0, (int)codes.Length), Widen(linear, scales), packedZeros, values);
        for (var row = 0; row < rows && linear.Order is not null; row++)
        {
            BlockedWeightReader.Restore(values.AsSpan(row * linear.Columns, linear.Columns), linear.Order.Value);
        }

        stream.Write(MemoryMarshal.AsBytes(values.AsSpan()));
    }

    /// <summary>From a value a group to a value a block.</summary>
    private static T[] Widen<T>(PackedLinear linear, T[] ofGroups)
    {
        var blocks = linear.Format.Blocks(linear.Columns);
        var rows = ofGroups.Length / linear.Groups;
        var widened = new T[rows * blocks];
        for (var i = 0; i < widened.Length; i++)
        {
            widened[i] = ofGroups[(i / blocks * linear.Groups) + linear.GroupOf(i % blocks)];
        }

        return widened;
    }

    private static byte[] PackRows(PackedLinear linear, byte[] ofBlocks)
    {
        var (blocks, rowBytes) = (linear.Format.Blocks(linear.Columns), linear.Format.ZeroBytes(linear.Columns));
        var packed = new byte[ofBlocks.Length / blocks * rowBytes];
        for (var row = 0; row < ofBlocks.Length / blocks; row++)
        {
            Pack(linear.Format.Bits, ofBlocks.AsSpan(row * blocks, blocks), packed.AsSpan(row * rowBytes, rowBytes));
        }

        return packed;
    }

    /// <summary>Packs codes from the low bits up; what is left of the destination becomes 0.</summary>
    private static void Pack(int bits, ReadOnlySpan<byte> codes, Span<byte> packed)
    {
        packed.Clear();
        if (bits == 8)
        {
            codes.CopyTo(packed);
            return;
        }

        for (var i = 0; i < codes.Length; i++)
        {
            packed[i / 2] |= (byte)(codes[i] << (4 * (i & 1)));
        }
    }

    private static void Reorder(ReadOnlySpan<byte> codes, ImmutableArray<int>? order, Span<byte> ordered)
    {
        if (order is not { } places)
        {
            codes.CopyTo(ordered);
            return;
        }

        for (var place = 0; place < ordered.Length; place++)
        {
            ordered[place] = codes[places[place]];
        }
    }

    private sealed class Source(PackedLinear linear, Action<PackedLinear, int, int, Stream> write) : IWeightSource
    {
        public void Write(Stream stream, CancellationToken cancellation)
        {
            for (var row = 0; row < linear.Rows; row += TileRows)
            {
                cancellation.ThrowIfCancellationRequested();
                write(linear, row, Math.Min(TileRows, linear.Rows - row), stream);
            }

            linear.Release();
        }
    }
}
