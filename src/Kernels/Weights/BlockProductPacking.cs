using System.Runtime.InteropServices;

namespace AdapterServe.Kernels.Weights;

/// <summary>
/// Brings quantised rows (see <see cref="BlockFormat"/>) into the tiles of <see cref="BlockProductLayout"/>. No code changes, nothing is rounded.
/// <b>Shapes</b>: codes, scales and zero points of the same R rows; the destination has <see cref="BlockProductLayout.TileBytes"/>.
/// <b>Errors</b>: <see cref="ArgumentException"/> for other lengths.
/// </summary>
public static class BlockProductPacking
{
    private const int QuadBytes = BlockProductLayout.Lanes * 4;

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

    /// <summary>A row of a tile as it was before. <b>Shapes</b>: codes, scales and zero points of one row.</summary>
    public static void Row(in BlockProductLayout layout, ReadOnlySpan<byte> tile, int row, Span<byte> codes, Span<float> scales, Span<byte> zeroPoints)
    {
        Shape.RequireRange(nameof(BlockProductPacking), "row", 0, BlockProductLayout.TileOutputs, row);
        Shape.Require(nameof(BlockProductPacking), "tile's length", layout.TileBytes, tile.Length);
        Shape.Require(nameof(BlockProductPacking), "codes' length", layout.Format.RowBytes(layout.InFeatures), codes.Length);
        Shape.Require(nameof(BlockProductPacking), "scales' length", layout.Records, scales.Length);
        Shape.Require(nameof(BlockProductPacking), "zero points' length", layout.HasZeroPoints ? layout.Format.ZeroBytes(layout.InFeatures) : 0, zeroPoints.Length);
        for (var group = 0; group < layout.Groups; group++)
        {
            var source = tile[Column(layout, group, row)..];
            for (var eight = 0; eight < 4; eight++)
            {
                Separate(source.Slice(eight * QuadBytes, 4), codes.Slice((group * 16) + (eight * 4), 4));
            }
        }

        zeroPoints.Clear();
        for (var record = 0; record < scales.Length; record++)
        {
            var source = tile.Slice((record * layout.RecordBytes) + layout.CodeBytes, layout.ScaleBytes);
            scales[record] = MemoryMarshal.Cast<byte, float>(source)[row];
            if (layout.HasZeroPoints)
            {
                var zero = (byte)-source[(BlockProductLayout.TileOutputs * sizeof(float)) + row];
                zeroPoints[record / 2] |= (byte)((zero & 15) << (4 * (record & 1)));
            }
        }
    }

    private static int Column(in BlockProductLayout layout, int group, int row) =>
        (group / layout.GroupsPerRecord * layout.RecordBytes) + (group % layout.GroupsPerRecord * BlockProductLayout.GroupBytes)
        + (row / BlockProductLayout.Lanes * 4 * QuadBytes) + (row % BlockProductLayout.Lanes * 4);

    /// <summary>The inverse of <see cref="Interleave"/>.</summary>
    private static void Separate(ReadOnlySpan<byte> source, Span<byte> target)
    {
        for (var i = 0; i < 2; i++)
        {
            target[i] = (byte)((source[2 * i] & 15) | (source[(2 * i) + 1] << 4));
            target[2 + i] = (byte)((source[2 * i] >> 4) | (source[(2 * i) + 1] & 0xF0));
        }
    }

    private static void Codes(in BlockProductLayout layout, ReadOnlySpan<byte> codes, int row, Span<byte> destination)
    {
        for (var group = 0; group < layout.Groups; group++)
        {
            var target = destination[Column(layout, group, row)..];
            for (var eight = 0; eight < 4; eight++)
            {
                var source = codes.Slice((group * 16) + (eight * 4), 4);
                Interleave(source, target.Slice(eight * QuadBytes, 4));
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
