using System.Numerics;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// One product of two f64 matrices in tiles of four rows and two vectors of columns, over copies in the order in which the tiles read them.
/// <b>Semantics</b>: an element is one chain over the inner index, from first to last, fused where the processor fuses; tiles at an edge are padded with zeros.
/// <b>Effects</b>: panels of columns go to at most <see cref="MaxThreads"/> threads where the product is large; who computes a panel changes no bit.
/// </summary>
internal sealed class DoubleProduct
{
    /// <summary>So that loads do not take a whole machine from those who are being served.</summary>
    public const int MaxThreads = 4;

    private const int TileRows = 4;

    /// <summary>Of the inner index: a panel's depth that stays in the processor's second cache.</summary>
    private const int Depth = 512;

    /// <summary>Multiply-adds below which handing over costs more than it gains.</summary>
    private const long Serial = 1 << 21;

    private static readonly int TileColumns = 2 * Vector<double>.Count;

    private readonly double[] _a;
    private readonly double[] _b;
    private readonly double[] _product;
    private readonly int _rows;
    private readonly int _inner;
    private readonly int _columns;

    public DoubleProduct(ReadOnlySpan<double> a, ReadOnlySpan<double> b, int rows, int inner, int columns)
    {
        (_rows, _inner, _columns) = (rows, inner, columns);
        _product = new double[checked(rows * columns)];
        _a = PackRows(a, rows, inner);
        _b = PackColumns(b, inner, columns);
    }

    private int Panels => (_columns + TileColumns - 1) / TileColumns;

    public double[] Run()
    {
        var threads = (long)_rows * _inner * _columns < Serial ? 1 : Math.Min(MaxThreads, Environment.ProcessorCount);
        if (threads == 1)
        {
            for (var panel = 0; panel < Panels; panel++)
            {
                RunPanel(panel);
            }
        }
        else
        {
            Parallel.For(0, Panels, new ParallelOptions { MaxDegreeOfParallelism = threads }, RunPanel);
        }

        return _product;
    }

    /// <summary>[rows / 4][inner][4].</summary>
    private static double[] PackRows(ReadOnlySpan<double> a, int rows, int inner)
    {
        var packed = new double[checked((rows + TileRows - 1) / TileRows * TileRows * inner)];
        for (var row = 0; row < rows; row++)
        {
            var first = (row / TileRows * TileRows * inner) + (row % TileRows);
            var source = a.Slice(row * inner, inner);
            for (var k = 0; k < inner; k++)
            {
                packed[first + (k * TileRows)] = source[k];
            }
        }

        return packed;
    }

    /// <summary>[columns / tile][inner][tile].</summary>
    private static double[] PackColumns(ReadOnlySpan<double> b, int inner, int columns)
    {
        var packed = new double[checked((columns + TileColumns - 1) / TileColumns * TileColumns * inner)];
        for (var k = 0; k < inner; k++)
        {
            for (var column = 0; column < columns; column += TileColumns)
            {
                b.Slice((k * columns) + column, Math.Min(TileColumns, columns - column)).CopyTo(packed.AsSpan((column * inner) + (k * TileColumns)));
            }
        }

        return packed;
    }

    private void RunPanel(int panel)
    {
        var sums = new double[TileRows * TileColumns];
        var width = Math.Min(TileColumns, _columns - (panel * TileColumns));
        for (var from = 0; from < _inner; from += Depth)
        {
            var depth = Math.Min(Depth, _inner - from);
            var b = _b.AsSpan((panel * TileColumns * _inner) + (from * TileColumns), depth * TileColumns);
            for (var top = 0; top < _rows; top += TileRows)
            {
                var rows = Math.Min(TileRows, _rows - top);
                Copy(sums, top, panel * TileColumns, rows, width, isLoad: true);
                RunTile(_a.AsSpan((top * _inner) + (from * TileRows), depth * TileRows), b, sums);
                Copy(sums, top, panel * TileColumns, rows, width, isLoad: false);
            }
        }
    }

    private void Copy(double[] sums, int top, int left, int rows, int width, bool isLoad)
    {
        for (var row = 0; row < rows; row++)
        {
            var own = sums.AsSpan(row * TileColumns, width);
            var product = _product.AsSpan(((top + row) * _columns) + left, width);
            if (isLoad)
            {
                product.CopyTo(own);
            }
            else
            {
                own.CopyTo(product);
            }
        }
    }

    private static void RunTile(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> sums)
    {
        var lanes = Vector<double>.Count;
        var (s00, s01) = (new Vector<double>(sums), new Vector<double>(sums[lanes..]));
        var (s10, s11) = (new Vector<double>(sums[(2 * lanes)..]), new Vector<double>(sums[(3 * lanes)..]));
        var (s20, s21) = (new Vector<double>(sums[(4 * lanes)..]), new Vector<double>(sums[(5 * lanes)..]));
        var (s30, s31) = (new Vector<double>(sums[(6 * lanes)..]), new Vector<double>(sums[(7 * lanes)..]));
        for (; a.Length >= TileRows; a = a[TileRows..], b = b[(2 * lanes)..])
        {
            var (left, right) = (new Vector<double>(b), new Vector<double>(b[lanes..]));
            var (a0, a1, a2, a3) = (new Vector<double>(a[0]), new Vector<double>(a[1]), new Vector<double>(a[2]), new Vector<double>(a[3]));
            s00 = Vector.MultiplyAddEstimate(a0, left, s00);
            s01 = Vector.MultiplyAddEstimate(a0, right, s01);
            s10 = Vector.MultiplyAddEstimate(a1, left, s10);
            s11 = Vector.MultiplyAddEstimate(a1, right, s11);
            s20 = Vector.MultiplyAddEstimate(a2, left, s20);
            s21 = Vector.MultiplyAddEstimate(a2, right, s21);
            s30 = Vector.MultiplyAddEstimate(a3, left, s30);
            s31 = Vector.MultiplyAddEstimate(a3, right, s31);
        }

        s00.CopyTo(sums);
        s01.CopyTo(sums[lanes..]);
        s10.CopyTo(sums[(2 * lanes)..]);
        s11.CopyTo(sums[(3 * lanes)..]);
        s20.CopyTo(sums[(4 * lanes)..]);
        s21.CopyTo(sums[(5 * lanes)..]);
        s30.CopyTo(sums[(6 * lanes)..]);
        s31.CopyTo(sums[(7 * lanes)..]);
    }
}
