namespace AdapterServe.Kernels.Reference;

/// <summary>The sampler's helpers, in double.</summary>
internal static class Logits
{
    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best] || (float.IsNaN(logits[best]) && !float.IsNaN(logits[i])))
            {
                best = i;
            }
        }

        return best;
    }

    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        double maximum = logits[ArgMax(logits)];
        var sum = 0.0;
        foreach (var logit in logits)
        {
            sum += Math.Exp(logit - maximum);
        }

        return maximum + Math.Log(sum);
    }
}
