using AdapterServe.AdapterStore.Formats;

namespace AdapterServe.AdapterStore.Spectra;

/// <summary>
/// The rows of a matrix as combinations of orthonormal ones, each made orthogonal to its predecessors twice, which is enough for full precision.
/// <b>Semantics</b>: M = Coefficients Basis. <b>Shapes</b>: M [rows, width], Coefficients [rows, Count], Basis [Count, width]; Count is at most rows and less
/// where a row depends on others but for rounding.
/// </summary>
internal sealed class OrthonormalRows
{
    /// <summary>What is left of a row that depends on others, relative to the row.</summary>
    private const double Nothing = 1e-14;

    private OrthonormalRows(int count, double[] coefficients, double[] basis)
    {
        Count = count;
        Coefficients = coefficients;
        Basis = basis;
    }

    public int Count { get; }

    public double[] Coefficients { get; }

    public double[] Basis { get; }

    public static OrthonormalRows Of(ReadOnlySpan<double> matrix, int rows, int width)
    {
        var basis = new double[matrix.Length];
        var coefficients = new double[rows * rows];
        var count = 0;
        for (var row = 0; row < rows; row++)
        {
            var rest = basis.AsSpan(count * width, width);
            matrix.Slice(row * width, width).CopyTo(rest);
            var length = DoubleMatrix.Norm(rest);
            for (var pass = 0; pass < 2; pass++)
            {
                for (var i = 0; i < count; i++)
                {
                    var known = basis.AsSpan(i * width, width);
                    var along = DoubleMatrix.Dot(known, rest);
                    coefficients[(row * rows) + i] += along;
                    DoubleMatrix.AddScaled(rest, -along, known);
                }
            }

            var left = DoubleMatrix.Norm(rest);
            if (left > Nothing * length)
            {
                coefficients[(row * rows) + count++] = left;
                DoubleMatrix.Scale(rest, 1 / left);
            }
        }

        return new OrthonormalRows(count, Narrowed(coefficients, rows, count), basis.AsSpan(0, count * width).ToArray());
    }

    private static double[] Narrowed(double[] coefficients, int rows, int count)
    {
        var narrow = new double[rows * count];
        for (var row = 0; row < rows; row++)
        {
            coefficients.AsSpan(row * rows, count).CopyTo(narrow.AsSpan(row * count));
        }

        return narrow;
    }
}
