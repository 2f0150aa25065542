using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Reference;

/// <summary>The bottleneck of one segment whose rows are one sequence, from its parts, in double.</summary>
internal static class Bottleneck
{
    /// <param name="parts">The unpacked weights.</param>
    /// <param name="h">What the bottleneck reads, [rows][width of the whole h].</param>
    /// <param name="y">[rows][width of the whole y], in place.</param>
    /// <param name="past">The convolution's inputs before row 0, oldest first; null or missing rows are zero. The new rows are appended.</param>
    public static void Add(BottleneckParts parts, double[][] h, double[][] y, List<double[]>? past = null)
    {
        past ??= [];
        for (var row = 0; row < h.Length; row++)
        {
            past.Add(Down(parts, h[row]));
            var v = Up(parts, Convolve(parts.Convolution, past));
            var target = y[row].AsSpan(parts.OutOffset, v.Length);
            if (parts.After is { } after)
            {
                v = LayerNorm(after, parts.AfterNormsOutput ? Sum(v, target) : v);
            }

            var result = parts.AfterNormsOutput && parts.After is not null ? v : Sum(v, target);
            result.CopyTo(target);
        }
    }

    public static double Activate(Activation activation, double x) => activation switch
    {
        Activation.Identity => x,
        Activation.Relu => Math.Max(x, 0),
        Activation.ReluSquared => Math.Max(x, 0) * Math.Max(x, 0),
        Activation.Relu6 => Math.Clamp(x, 0, 6),
        Activation.LeakyRelu => x > 0 ? x : 0.01 * x,
        Activation.Elu => x > 0 ? x : Math.Exp(x) - 1,
        Activation.Gelu => x * (1 + Erf(x / Math.Sqrt(2))) / 2,
        Activation.GeluTanh => x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))) / 2,
        Activation.QuickGelu => x / (1 + Math.Exp(-1.702 * x)),
        Activation.Silu => x / (1 + Math.Exp(-x)),
        Activation.Sigmoid => 1 / (1 + Math.Exp(-x)),
        Activation.Tanh => Math.Tanh(x),
        Activation.Mish => x * Math.Tanh(Math.Log(1 + Math.Exp(x))),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    /// <summary>By the series e^(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...), whose terms have one sign; beyond 6 the rest is below 1e-17.</summary>
    public static double Erf(double x)
    {
        if (Math.Abs(x) > 6)
        {
            return Math.Sign(x);
        }

        var (sum, term) = (x, x);
        for (var n = 1; n < 200; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return sum * Math.Exp(-x * x) * 2 / Math.Sqrt(Math.PI);
    }

    public static double[] LayerNorm(LayerNormParts norm, double[] x)
    {
        var mean = x.Average();
        var deviation = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + norm.Epsilon);
        return [.. x.Select((value, i) => (norm.Weight[i] * (value - mean) / deviation) + norm.Bias[i])];
    }

    private static double[] Down(BottleneckParts parts, double[] h)
    {
        var x = h[parts.InOffset..(parts.InOffset + parts.Down.Columns)];
        x = parts.Before is { } before ? LayerNorm(before, x) : x;
        return [.. Multiply(parts.Down, x).Select((value, r) => value + (parts.DownBias?[r] ?? 0))];
    }

    private static double[] Convolve(ConvolutionParts? convolution, List<double[]> inputs)
    {
        if (convolution is null)
        {
            return inputs[^1];
        }

        var result = Array.ConvertAll(convolution.Bias, value => (double)value);
        for (var back = 0; back < Math.Min(convolution.Taps, inputs.Count); back++)
        {
            for (var c = 0; c < result.Length; c++)
            {
                result[c] += convolution.Weight[(c * convolution.Taps) + convolution.Taps - 1 - back] * inputs[^(1 + back)][c];
            }
        }

        return result;
    }

    private static double[] Up(BottleneckParts parts, double[] d)
    {
        var product = Multiply(parts.Up, Array.ConvertAll(d, value => Activate(parts.Activation, value)));
        return [.. product.Select((value, o) => parts.Scale * (parts.ChannelScale?[o] ?? 1) * (value + (parts.UpBias?[o] ?? 0)))];
    }

    private static double[] Multiply(MatrixParts matrix, double[] x) =>
        [.. Enumerable.Range(0, matrix.Rows).Select(row => Enumerable.Range(0, matrix.Columns).Sum(column => matrix.At(row, column) * x[column]))];

    private static double[] Sum(double[] a, ReadOnlySpan<double> b)
    {
        var sum = new double[a.Length];
        for (var i = 0; i < a.Length; i++)
        {
            sum[i] = a[i] + b[i];
        }

        return sum;
    }
}
