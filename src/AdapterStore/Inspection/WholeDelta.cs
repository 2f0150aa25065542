using System.Numerics;

namespace AdapterServe.AdapterStore.Inspection;

/// <summary>A matrix that is there anyway. <b>Layout</b>: f32, row-major; sums are f64.</summary>
internal sealed class WholeDelta(float[] matrix, int rows, int columns) : IDelta
{
    public int Rows => rows;

    public int Columns => columns;

    public void Multiply(ReadOnlySpan<double> x, Span<double> y)
    {
        for (var o = 0; o < rows; o++)
        {
            y[o] = Dot(matrix.AsSpan(o * columns, columns), x);
        }
    }

    public void MultiplyTransposed(ReadOnlySpan<double> y, Span<double> x)
    {
        x.Clear();
        for (var o = 0; o < rows; o++)
        {
            AddScaled(x, y[o], matrix.AsSpan(o * columns, columns));
        }
    }

    public double[] RowSquares(ReadOnlySpan<double> g)
    {
        var squares = new double[rows];
        for (var o = 0; o < rows; o++)
        {
            var row = matrix.AsSpan(o * columns, columns);
            for (var h = 0; h < columns; h++)
            {
                var value = g[h] * row[h];
                squares[o] += value * value;
            }
        }

        return squares;
    }

    private static double Dot(ReadOnlySpan<float> row, ReadOnlySpan<double> x)
    {
        var (first, second) = (Vector<double>.Zero, Vector<double>.Zero);
        var i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(row[i..]), out var low, out var high);
            first += low * new Vector<double>(x[i..]);
            second += high * new Vector<double>(x[(i + Vector<double>.Count)..]);
        }

        var sum = Vector.Sum(first + second);
        for (; i < row.Length; i++)
        {
            sum += row[i] * x[i];
        }

        return sum;
    }

    private static void AddScaled(Span<double> x, double factor, ReadOnlySpan<float> row)
    {
        var wide = new Vector<double>(factor);
        var i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(row[i..]), out var low, out var high);
            var next = i + Vector<double>.Count;
            (new Vector<double>(x[i..]) + (wide * low)).CopyTo(x[i..]);
            (new Vector<double>(x[next..]) + (wide * high)).CopyTo(x[next..]);
        }

        for (; i < row.Length; i++)
        {
            x[i] += factor * row[i];
        }
    }
}
