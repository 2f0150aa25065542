using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>
/// A row of a weight that is held in blocks of integers. <b>Semantics</b>: w[k] = (code[k] − zero[g]) · scale[g], g the block of column k, or what
/// the groups say.
/// <b>Layout</b>: codes of 8 bits, or of 4 with the even column in the low half; a block ends on a whole byte. <b>Source</b>: ONNX Runtime's
/// MatMulNBits.
/// </summary>
internal static class BlockDecoder
{
    /// <param name="bits">4 or 8.</param>
    /// <param name="blockSize">Columns of a block.</param>
    /// <param name="codes">The row's blocks.</param>
    /// <param name="scales">One for each block.</param>
    /// <param name="zeros">One for each block.</param>
    /// <param name="groups">One for each column, or empty.</param>
    /// <param name="row">The values.</param>
    public static void Decode(
        int bits,
        int blockSize,
        ReadOnlySpan<byte> codes,
        ReadOnlySpan<float> scales,
        ReadOnlySpan<float> zeros,
        ReadOnlySpan<int> groups,
        Span<float> row)
    {
        for (var column = 0; column < row.Length; column++)
        {
            var group = groups.IsEmpty ? column / blockSize : groups[column];
            row[column] = (Code(bits, codes, column) - zeros[group]) * scales[group];
        }
    }

    /// <summary>Zero points as they are stored: packed, or as numbers; none: the middle of the codes' range.</summary>
    public static void DecodeZeros(int bits, ElementType? type, ReadOnlySpan<byte> stored, Span<float> zeros)
    {
        if (type == ElementType.Float32)
        {
            MemoryMarshal.Cast<byte, float>(stored).CopyTo(zeros);
            return;
        }

        for (var block = 0; block < zeros.Length; block++)
        {
            zeros[block] = type is null ? 1 << (bits - 1) : Code(bits, stored, block);
        }
    }

    private static int Code(int bits, ReadOnlySpan<byte> packed, int index) =>
        bits == 8 ? packed[index] : (packed[index / 2] >> (4 * (index & 1))) & 15;
}
