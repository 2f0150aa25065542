namespace AdapterServe.Kernels.Reference;

/// <summary>y[row] = w * x[row] / sqrt(mean(x[row]^2) + epsilon) for one segment, or added to what is there, in double.</summary>
internal static class RmsNorm
{
    public static void Apply(
        ReadOnlySpan<float> x, Span<double> y, int width, int rowStart, int rowEnd, ReadOnlySpan<float> w, double epsilon, bool isAdded = false)
    {
        for (var row = rowStart; row < rowEnd; row++)
        {
            var squares = 0.0;
            for (var i = 0; i < width; i++)
            {
                squares += (double)x[(row * width) + i] * x[(row * width) + i];
            }

            for (var i = 0; i < width; i++)
            {
                var scaled = w[i] * x[(row * width) + i] / Math.Sqrt((squares / width) + epsilon);
                y[(row * width) + i] = isAdded ? y[(row * width) + i] + scaled : scaled;
            }
        }
    }
}
