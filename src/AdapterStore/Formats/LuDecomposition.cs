namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// Solves M x = b for many b, in f64: row exchanges, a unit lower and an upper triangle.
/// <b>Shapes</b>: M [n, n], row-major. <b>Source</b>: Gaussian elimination with partial pivoting.
/// </summary>
internal sealed class LuDecomposition
{
    private readonly double[] _triangles;
    private readonly int[] _order;

    private LuDecomposition(double[] triangles, int[] order)
    {
        _triangles = triangles;
        _order = order;
    }

    /// <summary>Null where the matrix has no inverse. Overwrites the matrix.</summary>
    public static LuDecomposition? Of(double[] matrix, int n)
    {
        var order = Enumerable.Range(0, n).ToArray();
        for (var k = 0; k < n; k++)
        {
            var best = k;
            for (var row = k + 1; row < n; row++)
            {
                best = Math.Abs(matrix[(row * n) + k]) > Math.Abs(matrix[(best * n) + k]) ? row : best;
            }

            if (matrix[(best * n) + k] == 0)
            {
                return null;
            }

            Exchange(matrix, n, k, best);
            (order[k], order[best]) = (order[best], order[k]);
            for (var row = k + 1; row < n; row++)
            {
                var factor = matrix[(row * n) + k] /= matrix[(k * n) + k];
                DoubleMatrix.AddScaled(matrix.AsSpan((row * n) + k + 1, n - k - 1), -factor, matrix.AsSpan((k * n) + k + 1, n - k - 1));
            }
        }

        return new LuDecomposition(matrix, order);
    }

    /// <summary>Replaces b by x.</summary>
    public void Solve(Span<double> b)
    {
        var n = _order.Length;
        var x = new double[n];
        for (var row = 0; row < n; row++)
        {
            x[row] = b[_order[row]];
            for (var k = 0; k < row; k++)
            {
                x[row] -= _triangles[(row * n) + k] * x[k];
            }
        }

        for (var row = n - 1; row >= 0; row--)
        {
            for (var k = row + 1; k < n; k++)
            {
                x[row] -= _triangles[(row * n) + k] * x[k];
            }

            x[row] /= _triangles[(row * n) + row];
        }

        x.CopyTo(b);
    }

    private static void Exchange(double[] matrix, int n, int first, int second)
    {
        for (var column = 0; first != second && column < n; column++)
        {
            (matrix[(first * n) + column], matrix[(second * n) + column]) = (matrix[(second * n) + column], matrix[(first * n) + column]);
        }
    }
}
