namespace AdapterServe.Kernels.Reference;

/// <summary>How the outputs of several bottlenecks join a row, in double.</summary>
internal static class Mixture
{
    /// <summary>carry y + sum factor_i b_i. <b>Shapes</b>: outputs [children][H].</summary>
    public static double[] Weighted(double[] y, double[][] outputs, double carry, double[] factors) =>
        [.. y.Select((value, i) => (carry * value) + outputs.Select((output, child) => factors[child] * output[i]).Sum())];

    /// <summary>y + V (sum p_i b_i) with p = softmax_i((Kt (Q q + c)) . b_i).</summary>
    public static double[] Attended(double[] y, double[] q, double[][] outputs, float[]? query, float[]? queryBias, float[]? keyTransposed, float[]? value)
    {
        var t = Multiply(keyTransposed, [.. Multiply(query, q).Select((sum, i) => sum + (queryBias?[i] ?? 0))]);
        var scores = outputs.Select(output => output.Select((b, i) => b * t[i]).Sum()).ToArray();
        var weights = scores.Select(score => Math.Exp(score - scores.Max())).ToArray();
        var mixed = y.Select((_, i) => outputs.Select((output, child) => weights[child] / weights.Sum() * output[i]).Sum()).ToArray();
        return [.. y.Zip(Multiply(value, mixed), (old, added) => old + added)];
    }

    private static double[] Multiply(float[]? matrix, double[] x) => matrix is null
        ? x
        : [.. Enumerable.Range(0, matrix.Length / x.Length).Select(row => x.Select((value, column) => matrix[(row * x.Length) + column] * value).Sum())];
}
