using AdapterServe.AdapterStore.Formats;

namespace AdapterServe.AdapterStore.Spectra;

/// <summary>
/// The best approximation of a matrix by one of smaller rank, in f64.
/// <b>Semantics</b>: M ≈ Left Right, the sum of the <see cref="Rank"/> largest singular triplets, each root of a singular value in either factor. |M - Left Right| ≤ Error in the
/// spectral norm, rounding of the factors to f32 included; Largest ≤ |M|.
/// <b>Shapes</b>: M [rows, columns], Left [rows, Rank], Right [Rank, columns]. <b>Effects</b>: deterministic.
/// <b>Source</b>: Eckart and Young; the eigenvectors of the smaller of MᵀM and MMᵀ, on whose span M itself is projected, so that squaring costs no precision in what is kept.
/// </summary>
internal sealed record TruncatedSvd(int Rank, double[] Left, double[] Right, double Largest, double Error)
{
    private const double Unit = 1.2e-16;
    private const double UnitF32 = 6e-8;

    /// <param name="matrix">[rows, columns].</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="rank">Of the result, at least 1; less where the matrix has less.</param>
    public static TruncatedSvd OfDense(double[] matrix, int rows, int columns, int rank)
    {
        if (columns > rows)
        {
            var turned = OfDense(DoubleMatrix.Transpose(matrix, rows, columns), columns, rows, rank);
            return turned with { Left = DoubleMatrix.Transpose(turned.Right, turned.Rank, rows), Right = DoubleMatrix.Transpose(turned.Left, columns, turned.Rank) };
        }

        var eigen = GramEigen(matrix, rows, columns);
        var squares = DoubleMatrix.Dot(matrix, matrix);
        // A dot product of `rows` terms and a reduction of `columns` reflections, each with a few roundings.
        var noise = Unit * (rows + (16 * columns)) * squares;
        var kept = Math.Clamp(eigen.Values.AsSpan(0, Math.Min(rank, columns)).ToArray().Count(value => value > noise), 1, rank);
        var right = eigen.Vectors.AsSpan(0, kept * columns).ToArray();
        var left = DoubleMatrix.Multiply(matrix, DoubleMatrix.Transpose(right, kept, columns), rows, columns, kept);
        var values = Balance(left, right, rows, columns, kept);
        var beyond = kept < columns ? Math.Max(eigen.Values[kept], 0) : 0;
        return new TruncatedSvd(kept, left, right, values[0], Math.Sqrt(beyond + noise) + (2 * UnitF32 * values.Sum()));
    }

    /// <summary>Of b a without forming it, while the inner width is smaller than the matrix. <b>Shapes</b>: b [rows, inner], a [inner, columns].</summary>
    public static TruncatedSvd OfProduct(double[] b, double[] a, int rows, int inner, int columns, int rank)
    {
        if (inner >= Math.Min(rows, columns))
        {
            return OfDense(DoubleMatrix.Multiply(b, a, rows, inner, columns), rows, columns, rank);
        }

        var core = ProductCore.Of(b, a, rows, inner, columns);
        if (core.IsZero)
        {
            return new TruncatedSvd(1, new double[rows], new double[columns], 0, 0);
        }

        var small = OfDense(core.Matrix, core.Rows, core.Columns, rank);
        return small with
        {
            Left = DoubleMatrix.Multiply(core.Outputs, small.Left, rows, core.Rows, small.Rank),
            Right = DoubleMatrix.Multiply(small.Right, core.Inputs, small.Rank, core.Columns, columns),
            Error = small.Error + (8 * inner * Unit * DoubleMatrix.Norm(a) * DoubleMatrix.Norm(b)),
        };
    }

    /// <summary>Of MᵀM. <b>Shapes</b>: M [rows, columns].</summary>
    public static SymmetricEigen GramEigen(double[] matrix, int rows, int columns) =>
        SymmetricEigen.Decompose(DoubleMatrix.Multiply(DoubleMatrix.Transpose(matrix, rows, columns), matrix, columns, rows, columns), columns);

    /// <summary>Moves the root of each singular value from the left factor to the right one, which has rows of length one. Returns the singular values.</summary>
    private static double[] Balance(double[] left, double[] right, int rows, int columns, int rank)
    {
        var values = new double[rank];
        for (var i = 0; i < left.Length; i++)
        {
            values[i % rank] += left[i] * left[i];
        }

        for (var k = 0; k < rank; k++)
        {
            values[k] = Math.Sqrt(values[k]);
            DoubleMatrix.Scale(right.AsSpan(k * columns, columns), Math.Sqrt(values[k]));
        }

        for (var i = 0; i < rows * rank; i++)
        {
            left[i] = values[i % rank] > 0 ? left[i] / Math.Sqrt(values[i % rank]) : 0;
        }

        return values;
    }
}
