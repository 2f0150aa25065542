namespace AdapterServe.Kernels.Reference;

/// <summary>y[row] = or += W x[row] for one segment, from the unpacked matrix, in double.</summary>
internal static class Dense
{
    public static void Apply(
        ReadOnlySpan<float> x, int inFeatures, Span<double> y, int outFeatures, int rowStart, int rowEnd, ReadOnlySpan<float> w, bool replace)
    {
        for (var row = rowStart; row < rowEnd; row++)
        {
            for (var o = 0; o < outFeatures; o++)
            {
                var sum = 0.0;
                for (var h = 0; h < inFeatures; h++)
                {
                    sum += (double)w[(o * inFeatures) + h] * x[(row * inFeatures) + h];
                }

                y[(row * outFeatures) + o] = replace ? sum : y[(row * outFeatures) + o] + sum;
            }
        }
    }
}
