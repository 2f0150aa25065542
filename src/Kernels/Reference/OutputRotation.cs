namespace AdapterServe.Kernels.Reference;

/// <summary>y[row] = own * y[row] + other * (the pair's other output) for one segment, in double.</summary>
internal static class OutputRotation
{
    public static void Apply(Span<double> y, int width, int rowStart, int rowEnd, int group, ReadOnlySpan<float> own, ReadOnlySpan<float> other)
    {
        for (var row = rowStart; row < rowEnd; row++)
        {
            var values = y.Slice(row * width, width);
            var before = values.ToArray();
            for (var o = 0; o < width; o++)
            {
                var pair = o % group < group / 2 ? o + (group / 2) : o - (group / 2);
                values[o] = (own[o] * before[o]) + (other[o] * before[pair]);
            }
        }
    }
}
