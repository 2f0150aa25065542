using AdapterServe.AdapterStore.Formats;

namespace AdapterServe.AdapterStore.Inspection;

/// <summary>
/// The largest singular value of a matrix from repeated products with it and its transpose.
/// <b>Semantics</b>: from a fixed start, until a round changes the estimate by less than 1e-7 of it, at most 100 rounds. The estimate is never above the value, and a little below it
/// where several singular values are nearly as large.
/// </summary>
internal static class PowerIteration
{
    private const int MaxRounds = 100;
    private const double Settled = 1e-7;

    public static double SpectralNorm(IDelta matrix, CancellationToken cancellationToken)
    {
        var (x, y) = (Start(matrix.Columns), new double[matrix.Rows]);
        var norm = 0.0;
        for (var round = 0; round < MaxRounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            matrix.Multiply(x, y);
            var grown = DoubleMatrix.Norm(y);
            var isSettled = grown - norm <= Settled * grown;
            norm = Math.Max(norm, grown);
            if (isSettled && round > 0)
            {
                break;
            }

            matrix.MultiplyTransposed(y, x);
            var length = DoubleMatrix.Norm(x);
            if (length == 0)
            {
                break;
            }

            DoubleMatrix.Scale(x, 1 / length);
        }

        return norm;
    }

    /// <summary>Of length one, with a part of every direction that a matrix may prefer, all but surely.</summary>
    private static double[] Start(int length)
    {
        var start = new double[length];
        var state = 0x9E3779B97F4A7C15UL;
        for (var i = 0; i < length; i++)
        {
            state = (state * 6364136223846793005UL) + 1442695040888963407UL;
            start[i] = ((state >> 11) * (1.0 / (1UL << 53))) - 0.5;
        }

        DoubleMatrix.Scale(start, 1 / DoubleMatrix.Norm(start));
        return start;
    }
}
