using System.Collections.Immutable;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>Reads rows of a matrix that is held in blocks as f32, inputs in the model's order, a few MiB at a time.</summary>
internal static class BlockedWeightReader
{
    private const int ChunkElements = 1 << 20;

    /// <param name="weight">The matrix.</param>
    /// <param name="find">Its initializers by name.</param>
    /// <param name="firstRow">The first row that is read.</param>
    /// <param name="destination">[any number of rows, columns].</param>
    public static void Read(BlockedWeight weight, Func<string, WeightReference> find, int firstRow, Span<float> destination)
    {
        if (weight.IsTiled)
        {
            ReadTiled(weight, find(weight.Tiles), firstRow, destination);
            return;
        }

        using var codes = new WeightFile(find(weight.StoredCodes));
        using var scales = new WeightFile(find(weight.Scales));
        using var zeroPoints = weight.HasZeroPoints ? new WeightFile(find(weight.ZeroPoints)) : null;
        var (format, columns) = (weight.Format, weight.Columns);
        var chunk = Math.Max(1, ChunkElements / columns);
        for (var done = 0; done < destination.Length / columns; done += chunk)
        {
            var rows = Math.Min(chunk, (destination.Length / columns) - done);
            var values = destination.Slice(done * columns, rows * columns);
            BlockDequantizer.Dequantize(
                format,
                columns,
                codes.ReadRows<byte>(firstRow + done, rows, format.RowBytes(columns)),
                scales.ReadRows<float>(firstRow + done, rows, format.Blocks(columns)),
                zeroPoints?.ReadRows<byte>(firstRow + done, rows, format.ZeroBytes(columns)),
                values);
            for (var row = 0; row < rows && weight.Order is not null; row++)
            {
                Restore(values.Slice(row * columns, columns), weight.Order.Value);
            }
        }
    }

    private static void ReadTiled(BlockedWeight weight, WeightReference tiles, int firstRow, Span<float> destination)
    {
        using var file = new WeightFile(tiles);
        var layout = weight.Layout;
        var (tile, held) = (new byte[layout.TileBytes], -1);
        var codes = new byte[weight.Format.RowBytes(weight.Columns)];
        var scales = new float[weight.Format.Blocks(weight.Columns)];
        var zeroPoints = new byte[weight.HasZeroPoints ? weight.Format.ZeroBytes(weight.Columns) : 0];
        for (var row = 0; row < destination.Length / weight.Columns; row++)
        {
            var (index, inside) = Math.DivRem(firstRow + row, BlockProductLayout.TileOutputs);
            if (index != held)
            {
                file.Read(index * layout.TileBytes, tile.AsSpan());
                held = index;
            }

            BlockProductPacking.Row(layout, tile, inside, codes, scales, zeroPoints);
            var values = destination.Slice(row * weight.Columns, weight.Columns);
            BlockDequantizer.Dequantize(weight.Format, weight.Columns, codes, scales, zeroPoints, values);
            if (weight.Order is { } order)
            {
                Restore(values, order);
            }
        }
    }

    /// <summary>From the order of the blocks to the model's.</summary>
    public static void Restore(Span<float> row, ImmutableArray<int> order)
    {
        var ordered = row.ToArray();
        for (var place = 0; place < ordered.Length; place++)
        {
            row[order[place]] = ordered[place];
        }
    }
}
