using System.Runtime.InteropServices;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>
/// A quantised matrix as our product reads it, from what writes it as MatMulNBits does: codes, then scales, then zero points, each row by row.
/// <b>Layout</b>: <see cref="BlockProductLayout"/>. <b>Effects</b>: the matrix is in memory once, as it is quantised.
/// <b>Errors</b>: <see cref="InvalidDataException"/> where the sources write other sizes.
/// </summary>
internal sealed class BlockProductSource(
    BlockProductLayout layout, IWeightSource codes, IWeightSource scales, IWeightSource? zeroPoints = null) : IWeightSource
{
    private readonly int _rowBytes = (int)layout.Format.RowBytes(layout.InFeatures);
    private readonly int _scaleBytes = layout.Format.Blocks(layout.InFeatures) * sizeof(float);
    private readonly int _zeroBytes = layout.HasZeroPoints ? layout.Format.ZeroBytes(layout.InFeatures) : 0;

    public void Write(Stream stream, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var rows = new MemoryStream(checked((_rowBytes + _scaleBytes + _zeroBytes) * layout.OutFeatures));
        long scaleStart = WriteRows(codes, rows, _rowBytes, cancellation), zeroStart = WriteRows(scales, rows, _scaleBytes, cancellation);
        if (zeroPoints is not null)
        {
            WriteRows(zeroPoints, rows, _zeroBytes, cancellation);
        }

        var tile = new byte[layout.TileBytes];
        for (var first = 0; first < layout.OutFeatures; first += BlockProductLayout.TileOutputs)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(BlockProductLayout.TileOutputs, layout.OutFeatures - first);
            BlockProductPacking.Tile(
                layout,
                Read(rows, 0, first, count, _rowBytes),
                MemoryMarshal.Cast<byte, float>(Read(rows, scaleStart, first, count, _scaleBytes)),
                Read(rows, zeroStart, first, count, _zeroBytes),
                tile);
            stream.Write(tile);
        }
    }

    /// <summary>Where the next part begins.</summary>
    private long WriteRows(IWeightSource source, MemoryStream rows, int rowBytes, CancellationToken cancellation)
    {
        var start = rows.Position;
        source.Write(rows, cancellation);
        var expected = (long)layout.OutFeatures * rowBytes;
        return rows.Position == start + expected
            ? rows.Position
            : throw new InvalidDataException(
                $"A matrix of [{layout.OutFeatures}, {layout.InFeatures}] must be written as {expected} bytes, got {rows.Position - start}.");
    }

    private static byte[] Read(MemoryStream rows, long start, int first, int count, int rowBytes)
    {
        var content = new byte[count * rowBytes];
        rows.Position = start + ((long)first * rowBytes);
        rows.ReadExactly(content);
        return content;
    }
}
