using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>
/// How far the kernel may be from the reference: each stage's error in the largest norm, carried through the next. Matrices carry it by their largest
/// row sum, norms by
/// 2 max|w| / deviation, functions by their greatest slope.
/// </summary>
internal static class BottleneckBound
{
    /// <summary>The greatest slope of the functions of x but the square: GELU's.</summary>
    private const double Slope = 1.13;

    public static double Of(BottleneckParts parts, double[][] h, double[][] y)
    {
        return h.Length == 0 ? 0 : h.Zip(y).Max(row => OfRow(parts, row.First[parts.InOffset..(parts.InOffset + parts.Down.Columns)], row.Second));
    }

    private static double OfRow(BottleneckParts parts, double[] h, double[] y)
    {
        var error = Tolerances.Chain(1, Largest(h));
        if (parts.Before is { } before)
        {
            error = Norm(before, h, error);
            h = Reference.Bottleneck.LayerNorm(before, h);
        }

        var down = RowSum(parts.Down);
        var largest = (down * Largest(h)) + (parts.DownBias?.Max(Math.Abs) ?? 0);
        error = (down * error) + Tolerances.Dot(parts.Down.Columns, largest) + Tolerances.Chain(4, largest);
        if (parts.Convolution is { } convolution)
        {
            var taps = Enumerable.Range(0, parts.Down.Rows).Max(c => convolution.Weight.Skip(c * convolution.Taps).Take(convolution.Taps).Sum(w => (double)Math.Abs(w)));
            largest = (taps * largest) + convolution.Bias.Max(Math.Abs);
            error = (taps * error) + Tolerances.Chain((2 * convolution.Taps) + 1, largest);
        }

        var slope = parts.Activation == Activation.ReluSquared ? 2 * largest : Slope;
        largest = Math.Max(largest, 1);
        error = (slope * error) + Tolerances.Activation(largest);
        largest *= slope;
        var (up, scale) = (RowSum(parts.Up), Math.Abs(parts.Scale) * (parts.ChannelScale?.Max(Math.Abs) ?? 1.0));
        var sum = scale * ((up * largest) + (parts.UpBias?.Max(Math.Abs) ?? 0));
        error = (scale * up * error) + Tolerances.Chain((2 * parts.Up.Columns) + 8, sum + Largest(y));
        return parts.After is { } after ? After(parts, after, y, sum, error) : error;
    }

    private static double After(BottleneckParts parts, LayerNormParts after, double[] y, double sum, double error)
    {
        // The norm's deviation is not known here: the tests give it an epsilon that bounds it from below.
        var weight = after.Weight.Max(Math.Abs);
        var size = sum + (parts.AfterNormsOutput ? Largest(y) : 0);
        var slope = 2 * weight / Math.Sqrt(after.Epsilon);
        return (slope * error) + Tolerances.LayerNorm(after.Weight.Length, (slope * size) + after.Bias.Max(Math.Abs)) + Tolerances.Chain(2, Largest(y) + (slope * size));
    }

    private static double Norm(LayerNormParts norm, double[] x, double error)
    {
        var mean = x.Average();
        var deviation = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + norm.Epsilon);
        var slope = 2 * norm.Weight.Max(Math.Abs) / deviation;
        return (slope * error) + Tolerances.LayerNorm(x.Length, (slope * Largest(x)) + norm.Bias.Max(Math.Abs));
    }

    private static double Largest(double[] values) => values.Max(Math.Abs);

    /// <summary>The largest sum of magnitudes of a row; with bits of what is multiplied and added, both values.</summary>
    private static double RowSum(MatrixParts matrix) => matrix is BitMatrix bits
        ? matrix.Columns * (Math.Abs((double)bits.Low) + Math.Abs((double)bits.High - bits.Low))
        : Enumerable.Range(0, matrix.Rows).Max(row => Enumerable.Range(0, matrix.Columns).Sum(column => Math.Abs(matrix.At(row, column))));
}
