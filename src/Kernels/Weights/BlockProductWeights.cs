namespace AdapterServe.Kernels.Weights;

/// <summary>
/// A packed matrix in memory that somebody else owns. <b>Layout</b>: see <see cref="BlockProductLayout"/>; any alignment, best at a multiple of 64.
/// </summary>
public readonly unsafe record struct BlockProductWeights(BlockProductLayout Layout, nint Start)
{
    /// <summary>Packs a whole matrix.</summary>
    public static BlockProductWeights Pack(
        WeightArena arena, in BlockProductLayout layout, ReadOnlySpan<byte> codes, ReadOnlySpan<float> scales, ReadOnlySpan<byte> zeroPoints)
    {
        ArgumentNullException.ThrowIfNull(arena);
        var memory = (byte*)arena.Allocate(layout.Bytes);
        var zeroBytes = layout.HasZeroPoints ? layout.Format.ZeroBytes(layout.InFeatures) : 0;
        for (var tile = 0; tile < layout.Tiles; tile++)
        {
            var first = tile * BlockProductLayout.TileOutputs;
            var rows = Math.Min(BlockProductLayout.TileOutputs, layout.OutFeatures - first);
            BlockProductPacking.Tile(
                layout,
                Rows(codes, first, rows, layout.Format.RowBytes(layout.InFeatures)),
                Rows(scales, first, rows, layout.Records),
                Rows(zeroPoints, first, rows, zeroBytes),
                new Span<byte>(memory + (tile * layout.TileBytes), checked((int)layout.TileBytes)));
        }

        return new BlockProductWeights(layout, (nint)memory);
    }

    private static ReadOnlySpan<T> Rows<T>(ReadOnlySpan<T> matrix, int first, int rows, long width) =>
        matrix.Slice(checked((int)(first * width)), checked((int)(rows * width)));
}
