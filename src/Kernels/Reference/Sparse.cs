namespace AdapterServe.Kernels.Reference;

/// <summary>y[row] += S x[row] for one segment, from unordered elements, in double.</summary>
internal static class Sparse
{
    public static void Add(
        ReadOnlySpan<float> x, int inFeatures, Span<double> y, int outFeatures, int rowStart, int rowEnd,
        ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, ReadOnlySpan<float> values)
    {
        for (var row = rowStart; row < rowEnd; row++)
        {
            for (var i = 0; i < values.Length; i++)
            {
                y[(row * outFeatures) + rows[i]] += (double)values[i] * x[(row * inFeatures) + columns[i]];
            }
        }
    }
}
