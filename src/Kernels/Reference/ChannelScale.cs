namespace AdapterServe.Kernels.Reference;

/// <summary>y[row] = g * y[row] for one segment, in double.</summary>
internal static class ChannelScale
{
    public static void Apply(Span<double> y, int width, int rowStart, int rowEnd, ReadOnlySpan<float> g)
    {
        for (var i = rowStart * width; i < rowEnd * width; i++)
        {
            y[i] *= g[i % width];
        }
    }
}
