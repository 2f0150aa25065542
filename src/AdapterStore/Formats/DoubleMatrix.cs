using System.Numerics;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>Products in f64 for what is computed once, at load.</summary>
internal static class DoubleMatrix
{
    /// <summary><b>Semantics</b>: a b. <b>Shapes</b>: a [rows, inner], b [inner, columns], result [rows, columns], row-major.</summary>
    public static double[] Multiply(ReadOnlySpan<double> a, ReadOnlySpan<double> b, int rows, int inner, int columns)
    {
        var product = new double[checked(rows * columns)];
        for (var row = 0; row < rows; row++)
        {
            var target = product.AsSpan(row * columns, columns);
            for (var k = 0; k < inner; k++)
            {
                AddScaled(target, a[(row * inner) + k], b.Slice(k * columns, columns));
            }
        }

        return product;
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

    /// <summary>The sum of the products.</summary>
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = Vector<double>.Zero;
        var i = 0;
        for (; i <= a.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            sum += new Vector<double>(a[i..]) * new Vector<double>(b[i..]);
        }

        var total = Vector.Sum(sum);
        for (; i < a.Length; i++)
        {
            total += a[i] * b[i];
        }

        return total;
    }
}
