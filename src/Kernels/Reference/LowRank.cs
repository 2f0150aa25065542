namespace AdapterServe.Kernels.Reference;

/// <summary>y[row] += scale * B (A x[row]) for one segment, from unpacked factors, in double.</summary>
internal static class LowRank
{
    public static void Add(
        ReadOnlySpan<float> x, int inFeatures, Span<double> y, int outFeatures, int rowStart, int rowEnd, int rank, ReadOnlySpan<float> a, ReadOnlySpan<float> b, float scale)
    {
        var v = new double[rank];
        for (var row = rowStart; row < rowEnd; row++)
        {
            for (var r = 0; r < rank; r++)
            {
                v[r] = 0;
                for (var h = 0; h < inFeatures; h++)
                {
                    v[r] += (double)a[(r * inFeatures) + h] * x[(row * inFeatures) + h];
                }
            }

            for (var o = 0; o < outFeatures; o++)
            {
                var sum = 0.0;
                for (var r = 0; r < rank; r++)
                {
                    sum += b[(o * rank) + r] * v[r];
                }

                y[(row * outFeatures) + o] += scale * sum;
            }
        }
    }
}
