namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>Matrices by their definitions.</summary>
internal static class NaiveMatrix
{
    public static double[] Random(int seed, int rows, int columns)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, rows * columns).Select(_ => (random.NextDouble() * 2) - 1)];
    }

    public static double[] Multiply(double[] a, double[] b, int rows, int inner, int columns)
    {
        var product = new double[rows * columns];
        for (var i = 0; i < product.Length; i++)
        {
            for (var k = 0; k < inner; k++)
            {
                product[i] += a[(i / columns * inner) + k] * b[(k * columns) + (i % columns)];
            }
        }

        return product;
    }

    /// <summary>Singular values, largest first, by one-sided rotations until every two columns are orthogonal.</summary>
    public static double[] SingularValues(double[] matrix, int rows, int columns)
    {
        var work = (double[])matrix.Clone();
        for (var sweep = 0; sweep < 60; sweep++)
        {
            var turned = false;
            for (var p = 0; p < columns; p++)
            {
                for (var q = p + 1; q < columns; q++)
                {
                    turned |= Rotate(work, rows, columns, p, q);
                }
            }

            if (!turned)
            {
                break;
            }
        }

        return [.. Enumerable.Range(0, columns).Select(c => Math.Sqrt(Enumerable.Range(0, rows).Sum(r => work[(r * columns) + c] * work[(r * columns) + c]))).OrderDescending()];
    }

    private static bool Rotate(double[] work, int rows, int columns, int p, int q)
    {
        var (pp, qq, pq) = (0.0, 0.0, 0.0);
        for (var r = 0; r < rows; r++)
        {
            var (x, y) = (work[(r * columns) + p], work[(r * columns) + q]);
            (pp, qq, pq) = (pp + (x * x), qq + (y * y), pq + (x * y));
        }

        if (Math.Abs(pq) <= 1e-15 * Math.Sqrt(pp * qq))
        {
            return false;
        }

        var angle = 0.5 * Math.Atan2(2 * pq, pp - qq);
        var (cosine, sine) = (Math.Cos(angle), Math.Sin(angle));
        for (var r = 0; r < rows; r++)
        {
            var (x, y) = (work[(r * columns) + p], work[(r * columns) + q]);
            work[(r * columns) + p] = (cosine * x) + (sine * y);
            work[(r * columns) + q] = (cosine * y) - (sine * x);
        }

        return true;
    }
}
