namespace AdapterServe.Kernels.Reference;

/// <summary>y[row] += c for one segment, in double.</summary>
internal static class ChannelBias
{
    public static void Add(Span<double> y, int width, int rowStart, int rowEnd, ReadOnlySpan<float> c)
    {
        for (var i = rowStart * width; i < rowEnd * width; i++)
        {
            y[i] += c[i % width];
        }
    }
}
