using System.Numerics;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// Arithmetic in f64 for what is computed once, at load.
/// <b>Layout</b>: row-major. <b>Effects</b>: a result has the same bits whatever the number of threads.
/// </summary>
internal static class DoubleMatrix
{
    /// <summary><b>Semantics</b>: a b. <b>Shapes</b>: a [rows, inner], b [inner, columns], result [rows, columns].</summary>
    public static double[] Multiply(ReadOnlySpan<double> a, ReadOnlySpan<double> b, int rows, int inner, int columns) =>
        new DoubleProduct(a, b, rows, inner, columns).Run();

    /// <summary><b>Semantics</b>: aᵀ. <b>Shapes</b>: a [rows, columns], result [columns, rows].</summary>
    public static double[] Transpose(ReadOnlySpan<double> a, int rows, int columns)
    {
        const int Block = 32;
        var result = new double[a.Length];
        for (var top = 0; top < rows; top += Block)
        {
            for (var left = 0; left < columns; left += Block)
            {
                for (var row = top; row < Math.Min(rows, top + Block); row++)
                {
                    for (var column = left; column < Math.Min(columns, left + Block); column++)
                    {
                        result[(column * rows) + row] = a[(row * columns) + column];
                    }
                }
            }
        }

        return result;
    }

    /// <summary>target += factor * values.</summary>
    public static void AddScaled(Span<double> target, double factor, ReadOnlySpan<double> values)
    {
        var i = 0;
        var wide = new Vector<double>(factor);
        for (; i <= values.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            (new Vector<double>(target[i..]) + (wide * new Vector<double>(values[i..]))).CopyTo(target[i..]);
        }

        for (; i < values.Length; i++)
        {
            target[i] += factor * values[i];
        }
    }

    /// <summary>Σ a[i] b[i].</summary>
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var (first, second) = (Vector<double>.Zero, Vector<double>.Zero);
        var i = 0;
        for (; i <= a.Length - (2 * Vector<double>.Count); i += 2 * Vector<double>.Count)
        {
            first += new Vector<double>(a[i..]) * new Vector<double>(b[i..]);
            second += new Vector<double>(a[(i + Vector<double>.Count)..]) * new Vector<double>(b[(i + Vector<double>.Count)..]);
        }

        var sum = Vector.Sum(first + second);
        for (; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    public static double Norm(ReadOnlySpan<double> values) => Math.Sqrt(Dot(values, values));

    public static void Scale(Span<double> values, double factor)
    {
        foreach (ref var value in values)
        {
            value *= factor;
        }
    }

    public static double[] Widen(ReadOnlySpan<float> values)
    {
        var wide = new double[values.Length];
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] = values[i];
        }

        return wide;
    }
}
