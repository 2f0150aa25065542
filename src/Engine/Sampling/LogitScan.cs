using System.Numerics;
using System.Runtime.InteropServices;

namespace AdapterServe.Engine.Sampling;

/// <summary>Passes over all logits of a row. NaN counts as -∞ throughout. Allocates nothing.</summary>
internal static class LogitScan
{
    /// <summary>The smallest id of those with the greatest logit, or -1 where all are -∞.</summary>
    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        float best = Max(logits);
        return float.IsNegativeInfinity(best) ? -1 : IndexOf(logits, best);
    }

    public static float Max(ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        var bests = new Vector<float>(float.NegativeInfinity);
        foreach (Vector<float> vector in vectors)
        {
            // A comparison with NaN is false, so NaN never gets in.
            bests = Vector.ConditionalSelect(Vector.GreaterThan(vector, bests), vector, bests);
        }

        float best = float.NegativeInfinity;
        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            best = bests[lane] > best ? bests[lane] : best;
        }

        foreach (float logit in logits[(vectors.Length * Vector<float>.Count)..])
        {
            best = logit > best ? logit : best;
        }

        return best;
    }

    /// <summary>1 + how many tokens come before <paramref name="token"/>: those with a greater logit, and those with an equal one and a smaller id.</summary>
    public static int RankOf(ReadOnlySpan<float> logits, int token)
    {
        float own = logits[token];
        if (!(own > float.NegativeInfinity))
        {
            // Whatever stands before one of the last comes before it, NaN included.
            return 1 + token + CountAbove(logits[(token + 1)..], float.NegativeInfinity);
        }

        return 1 + CountAbove(logits[..token], MathF.BitDecrement(own)) + CountAbove(logits[(token + 1)..], own);
    }

    /// <summary>What is less than a bound becomes 0.</summary>
    public static void ClearBelow(Span<float> weights, float bound)
    {
        var bounds = new Vector<float>(bound);
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(weights);
        foreach (ref Vector<float> vector in vectors)
        {
            vector = Vector.ConditionalSelect(Vector.GreaterThanOrEqual(vector, bounds), vector, Vector<float>.Zero);
        }

        foreach (ref float weight in weights[(vectors.Length * Vector<float>.Count)..])
        {
            weight = weight >= bound ? weight : 0;
        }
    }

    /// <summary>Σ values, in double.</summary>
    public static double Sum(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        Vector<double> low = Vector<double>.Zero;
        Vector<double> high = Vector<double>.Zero;
        foreach (Vector<float> vector in vectors)
        {
            Vector.Widen(vector, out Vector<double> first, out Vector<double> second);
            low += first;
            high += second;
        }

        double sum = Vector.Sum(low + high);
        foreach (float value in values[(vectors.Length * Vector<float>.Count)..])
        {
            sum += value;
        }

        return sum;
    }

    private static int CountAbove(ReadOnlySpan<float> logits, float bound)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        var bounds = new Vector<float>(bound);
        Vector<int> counts = Vector<int>.Zero;
        foreach (Vector<float> vector in vectors)
        {
            // A true lane is -1.
            counts -= Vector.GreaterThan(vector, bounds);
        }

        int count = Vector.Sum(counts);
        foreach (float logit in logits[(vectors.Length * Vector<float>.Count)..])
        {
            count += logit > bound ? 1 : 0;
        }

        return count;
    }

    private static int IndexOf(ReadOnlySpan<float> logits, float wanted)
    {
        int at = 0;
        var all = new Vector<float>(wanted);
        while (at + Vector<float>.Count <= logits.Length && !Vector.EqualsAny(new Vector<float>(logits[at..]), all))
        {
            at += Vector<float>.Count;
        }

        while (logits[at] != wanted)
        {
            at++;
        }

        return at;
    }
}
