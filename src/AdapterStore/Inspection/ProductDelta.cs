using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Spectra;

namespace AdapterServe.AdapterStore.Inspection;

/// <summary>left right, measured through matrices of the inner width. <b>Shapes</b>: left [rows, inner], right [inner, columns].</summary>
internal sealed class ProductDelta(double[] left, double[] right, int rows, int inner, int columns) : IDelta
{
    /// <summary>Beyond it two eigenvalue problems take longer than they tell.</summary>
    private const int MostInner = 512;

    public int Rows => rows;

    public int Columns => columns;

    public void Multiply(ReadOnlySpan<double> x, Span<double> y)
    {
        var middle = new double[inner];
        for (var r = 0; r < inner; r++)
        {
            middle[r] = DoubleMatrix.Dot(right.AsSpan(r * columns, columns), x);
        }

        for (var o = 0; o < rows; o++)
        {
            y[o] = DoubleMatrix.Dot(left.AsSpan(o * inner, inner), middle);
        }
    }

    public void MultiplyTransposed(ReadOnlySpan<double> y, Span<double> x)
    {
        var middle = new double[inner];
        for (var o = 0; o < rows; o++)
        {
            DoubleMatrix.AddScaled(middle, y[o], left.AsSpan(o * inner, inner));
        }

        x.Clear();
        for (var r = 0; r < inner; r++)
        {
            DoubleMatrix.AddScaled(x, middle[r], right.AsSpan(r * columns, columns));
        }
    }

    /// <summary>l_j K l_jᵀ with K = right diag(g²) rightᵀ.</summary>
    public double[] RowSquares(ReadOnlySpan<double> g)
    {
        var scaled = (double[])right.Clone();
        for (var i = 0; i < scaled.Length; i++)
        {
            scaled[i] *= g[i % columns];
        }

        var half = DoubleMatrix.Multiply(left, Gram(scaled), rows, inner, inner);
        var squares = new double[rows];
        for (var o = 0; o < rows; o++)
        {
            squares[o] = Math.Max(DoubleMatrix.Dot(half.AsSpan(o * inner, inner), left.AsSpan(o * inner, inner)), 0);
        }

        return squares;
    }

    /// <summary>The eigenvalues of R LᵀL R with R² = right rightᵀ: those of the product's square that are not zero.</summary>
    public double[]? SquaredSingularValues()
    {
        if (inner > MostInner)
        {
            return null;
        }

        var root = SymmetricEigen.Decompose(Gram(right), inner);
        var scaled = (double[])root.Vectors.Clone();
        for (var i = 0; i < inner; i++)
        {
            DoubleMatrix.Scale(scaled.AsSpan(i * inner, inner), Math.Sqrt(Math.Max(root.Values[i], 0)));
        }

        var outer = DoubleMatrix.Multiply(left, DoubleMatrix.Transpose(scaled, inner, inner), rows, inner, inner);
        return [.. TruncatedSvd.GramEigen(outer, rows, inner).Values.Select(value => Math.Max(value, 0))];
    }

    private double[] Gram(double[] factor) => DoubleMatrix.Multiply(factor, DoubleMatrix.Transpose(factor, inner, columns), inner, columns, inner);
}
