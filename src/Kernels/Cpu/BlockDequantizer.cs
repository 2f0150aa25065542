using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// Quantised rows as f32. <b>Semantics, layout</b>: see <see cref="BlockFormat"/>; a product has one rounding, the same everywhere.
/// <b>Shapes</b>: rows [R, columns]; codes, scales and zero points of the same R rows; no zero points: the default ones.
/// <b>Errors</b>: <see cref="ArgumentException"/> for other lengths. <b>Source</b>: ours.
/// </summary>
public static class BlockDequantizer
{
    public static void Dequantize(
        BlockFormat format, int columns, ReadOnlySpan<byte> codes, ReadOnlySpan<float> scales, ReadOnlySpan<byte> zeroPoints, Span<float> rows)
    {
        var count = rows.Length / columns;
        var blocks = format.Blocks(columns);
        var (rowBytes, zeroBytes) = ((int)format.RowBytes(columns), format.ZeroBytes(columns));
        Shape.Require(nameof(BlockDequantizer), "rows' length", (long)count * columns, rows.Length);
        Shape.Require(nameof(BlockDequantizer), "codes' length", (long)count * rowBytes, codes.Length);
        Shape.Require(nameof(BlockDequantizer), "scales' length", (long)count * blocks, scales.Length);
        Shape.Require(nameof(BlockDequantizer), "zero points' length", zeroPoints.IsEmpty ? 0 : (long)count * zeroBytes, zeroPoints.Length);
        for (var row = 0; row < count; row++)
        {
            var zeros = zeroPoints.IsEmpty ? zeroPoints : zeroPoints.Slice(row * zeroBytes, zeroBytes);
            Row(format, codes.Slice(row * rowBytes, rowBytes), scales.Slice(row * blocks, blocks), zeros, rows.Slice(row * columns, columns));
        }
    }

    private static void Row(BlockFormat format, ReadOnlySpan<byte> codes, ReadOnlySpan<float> scales, ReadOnlySpan<byte> zeros, Span<float> row)
    {
        for (var block = 0; block < scales.Length; block++)
        {
            var zero = zeros.IsEmpty ? format.DefaultZero : Code(format, zeros, block);
            var from = block * format.BlockSize;
            var destination = row[from..Math.Min(from + format.BlockSize, row.Length)];
            var own = codes.Slice(block * format.BlockBytes, format.BlockBytes);
            if (format.Bits == 4)
            {
                Nibbles(own, zero, scales[block], destination);
            }
            else
            {
                Bytes(own, zero, scales[block], destination);
            }
        }
    }

    /// <summary>The sixteen values that a block can have are computed once.</summary>
    private static void Nibbles(ReadOnlySpan<byte> codes, int zero, float scale, Span<float> destination)
    {
        Span<float> values = stackalloc float[16];
        for (var code = 0; code < values.Length; code++)
        {
            values[code] = (code - zero) * scale;
        }

        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = values[(codes[i / 2] >> (4 * (i & 1))) & 15];
        }
    }

    private static void Bytes(ReadOnlySpan<byte> codes, int zero, float scale, Span<float> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = (codes[i] - zero) * scale;
        }
    }

    private static int Code(BlockFormat format, ReadOnlySpan<byte> packed, int index) =>
        format.Bits == 8 ? packed[index] : (packed[index / 2] >> (4 * (index & 1))) & 15;
}
