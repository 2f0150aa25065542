using System.Numerics;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Sampling;

/// <summary>Log-probabilities of a token and of the best ones under raw logits. Allocates nothing.</summary>
public static class LogProbabilities
{
    /// <summary>
    /// <b>Semantics</b>: buffer[index] = log-softmax(rawLogits)[token] with its rank, and the buffer's best ids with theirs, best first, ties to the smaller id.
    /// NaN counts as -∞, and so does a token that the logits do not reach, whose rank is behind all others; where the vocabulary is smaller than the number of best ones, the rest are id -1 with -∞.
    /// <b>Units</b>: natural logarithm; the sum over the vocabulary is taken in double.
    /// </summary>
    public static void Fill(ReadOnlySpan<float> rawLogits, int token, LogProbBuffer buffer, int index)
    {
        double max = LogitScan.Max(rawLogits);
        double logSum = LogSumExp(rawLogits, max);
        var isKnown = token < rawLogits.Length;
        buffer.Set(index, isKnown ? Value(rawLogits[token], max, logSum) : float.NegativeInfinity, isKnown ? LogitScan.RankOf(rawLogits, token) : rawLogits.Length + 1);
        if (buffer.TopCount == 0)
        {
            return;
        }

        Span<int> ids = buffer.WritableTopIds(index);
        Span<float> values = buffer.WritableTopValues(index);
        FindBest(rawLogits, ids, values);
        foreach (ref float value in values)
        {
            value = Value(value, max, logSum);
        }
    }

    // ln Σ e^(logit − max): kept apart from the maximum, beside which it could vanish.
    private static double LogSumExp(ReadOnlySpan<float> logits, double max)
    {
        if (double.IsInfinity(max))
        {
            return 0;
        }

        double sum = 0;
        var maxima = new Vector<double>(max);
        int done = 0;
        Vector<double> sums = Vector<double>.Zero;
        for (; done + Vector<float>.Count <= logits.Length; done += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(logits[done..]), out Vector<double> low, out Vector<double> high);
            sums += Exp(low - maxima) + Exp(high - maxima);
        }

        foreach (float logit in logits[done..])
        {
            sum += logit > float.NegativeInfinity ? Math.Exp(logit - max) : 0;
        }

        return Math.Log(sum + Vector.Sum(sums));
    }

    // Zero for NaN and for what cannot change the sum.
    private static Vector<double> Exp(Vector<double> exponents) =>
        Vector.ConditionalSelect(Vector.GreaterThan(exponents, new Vector<double>(-700)), Vector.Exp(exponents), Vector<double>.Zero);

    private static float Value(float logit, double max, double logSum)
    {
        if (double.IsPositiveInfinity(max))
        {
            return float.IsPositiveInfinity(logit) ? 0 : float.NegativeInfinity;
        }

        return logit > float.NegativeInfinity ? (float)(logit - max - logSum) : float.NegativeInfinity;
    }

    private static void FindBest(ReadOnlySpan<float> logits, Span<int> ids, Span<float> values)
    {
        ids.Fill(-1);
        values.Fill(float.NegativeInfinity);
        int found = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            float logit = float.IsNaN(logits[id]) ? float.NegativeInfinity : logits[id];
            if (found == ids.Length && !(logit > values[^1]))
            {
                continue;
            }

            found = Math.Min(found + 1, ids.Length);
            int at = found - 1;
            for (; at > 0 && logit > values[at - 1]; at--)
            {
                values[at] = values[at - 1];
                ids[at] = ids[at - 1];
            }

            values[at] = logit;
            ids[at] = id;
        }
    }
}
