namespace AdapterServe.AdapterStore.Inspection;

/// <summary>Elements by place, those of equal places added up.</summary>
internal sealed class SparseDelta : IDelta
{
    private readonly (int Row, int Column, double Value)[] _elements;

    public SparseDelta(int[] rows, int[] columns, float[] values, int rowCount, int columnCount)
    {
        (Rows, Columns) = (rowCount, columnCount);
        _elements = [.. Enumerable.Range(0, values.Length)
            .GroupBy(i => (rows[i], columns[i]))
            .Select(place => (place.Key.Item1, place.Key.Item2, place.Sum(i => (double)values[i])))];
    }

    public int Rows { get; }

    public int Columns { get; }

    public void Multiply(ReadOnlySpan<double> x, Span<double> y)
    {
        y.Clear();
        foreach (var (row, column, value) in _elements)
        {
            y[row] += value * x[column];
        }
    }

    public void MultiplyTransposed(ReadOnlySpan<double> y, Span<double> x)
    {
        x.Clear();
        foreach (var (row, column, value) in _elements)
        {
            x[column] += value * y[row];
        }
    }

    public double[] RowSquares(ReadOnlySpan<double> g)
    {
        var squares = new double[Rows];
        foreach (var (row, column, value) in _elements)
        {
            squares[row] += g[column] * value * g[column] * value;
        }

        return squares;
    }
}
