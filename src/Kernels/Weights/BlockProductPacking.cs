using System.Runtime.InteropServices;

namespace AdapterServe.Kernels.Weights;

/// <summary>
/// Brings quantised rows (see <see cref="BlockFormat"/>) into the tiles of <see cref="BlockProductLayout"/>. No code changes, nothing is rounded.
/// <b>Shapes</b>: codes, scales and zero points of the same R rows; the destination has <see cref="BlockProductLayout.TileBytes"/>.
/// <b>Errors</b>: <see cref="ArgumentException"/> for other lengths.
/// </summary>
public static class BlockProductPacking
{
    /// <summary>One tile from its 64 rows, fewer where the matrix ends.</summary>
    public static void Tile(
        in BlockProductLayout layout, ReadOnlySpan<byte> codes, ReadOnlySpan<float> scales, ReadOnlySpan<byte> zeroPoints, Span<byte> destination)
    {
        var rows = scales.Length / layout.Records;
        var rowBytes = (int)layout.Format.RowBytes(layout.InFeatures);
        var zeroBytes = layout.HasZeroPoints ? layout.Format.ZeroBytes(layout.InFeatures) : 0;
        Shape.RequireRange(nameof(BlockProductPacking), "rows", 1, BlockProductLayout.TileOutputs + 1, rows);
        Shape.Require(nameof(BlockProductPacking), "scales' length", (long)rows * layout.Records, scales.Length);
        Shape.Require(nameof(BlockProductPacking), "codes' length", (long)rows * rowBytes, codes.Length);
        Shape.Require(nameof(BlockProductPacking), "zero points' length", (long)rows * zeroBytes, zeroPoints.Length);
        Shape.Require(nameof(BlockProductPacking), "destination's length", layout.TileBytes, destination.Length);
        destination.Clear();
        for (var row = 0; row < rows; row++)
        {
            Codes(layout, codes.Slice(row * rowBytes, rowBytes), row, destination);
            Scales(layout, scales.Slice(row * layout.Records, layout.Records), zeroPoints.Slice(row * zeroBytes, zeroBytes), row, destination);
        }
    }

    private static void Codes(in BlockProductLayout layout, ReadOnlySpan<byte> codes, int row, Span<byte> destination)
    {
        const int quadBytes = BlockProductLayout.Lanes * 4;
        var column = (row / BlockProductLayout.Lanes * 4 * quadBytes) + (row % BlockProductLayout.Lanes * 4);
        for (var group = 0; group < layout.Groups; group++)
        {
            var record = group / layout.GroupsPerRecord * layout.RecordBytes;
            var target = destination[(record + (group % layout.GroupsPerRecord * BlockProductLayout.GroupBytes) + column)..];
            for (var eight = 0; eight < 4; eight++)
            {
                var source = codes.Slice((group * 16) + (eight * 4), 4);
                Interleave(source, target.Slice(eight * quadBytes, 4));
            }
        }
    }

    /// <summary>Eight codes in their order to pairs of the i-th and the (4 + i)-th.</summary>
    private static void Interleave(ReadOnlySpan<byte> source, Span<byte> target)
    {
        for (var i = 0; i < 2; i++)
        {
            target[2 * i] = (byte)((source[i] & 15) | (source[2 + i] << 4));
            target[(2 * i) + 1] = (byte)((source[i] >> 4) | (source[2 + i] & 0xF0));
        }
    }

    private static void Scales(
        in BlockProductLayout layout, ReadOnlySpan<float> scales, ReadOnlySpan<byte> zeroPoints, int row, Span<byte> destination)
    {
        for (var record = 0; record < scales.Length; record++)
        {
            var target = destination.Slice((record * layout.RecordBytes) + layout.CodeBytes, layout.ScaleBytes);
            MemoryMarshal.Cast<byte, float>(target)[row] = scales[record];
            if (layout.HasZeroPoints)
            {
                target[(BlockProductLayout.TileOutputs * sizeof(float)) + row] = (byte)-((zeroPoints[record / 2] >> (4 * (record & 1))) & 15);
            }
        }
    }
}
