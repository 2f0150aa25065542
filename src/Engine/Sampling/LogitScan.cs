using System.Numerics;
using System.Runtime.InteropServices;

namespace AdapterServe.Engine.Sampling;

/// <summary>Passes over all logits of a row. NaN counts as -∞ throughout. Allocates nothing.</summary>
internal static class LogitScan
{
    /// <summary>Below this, e^x is no float any more.</summary>
    private const float SmallestExponent = -103f;

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

    /// <summary>
    /// <b>Semantics</b>: weights[i] = e^((logits[i] − max)·inverseTemperature) where that is at least <paramref name="smallest"/>, else 0.
    /// <b>Shapes</b>: both [V], and may not overlap.
    /// </summary>
    public static void Weigh(ReadOnlySpan<float> logits, float max, float inverseTemperature, float smallest, Span<float> weights)
    {
        int done = 0;
        for (; done + Vector<float>.Count <= logits.Length; done += Vector<float>.Count)
        {
            Weigh(new Vector<float>(logits[done..]), max, inverseTemperature, smallest).CopyTo(weights[done..]);
        }

        if (done < logits.Length)
        {
            // The tail goes through the same instructions, so that a weight does not depend on its place.
            Span<float> tail = stackalloc float[Vector<float>.Count];
            logits[done..].CopyTo(tail);
            Weigh(new Vector<float>(tail), max, inverseTemperature, smallest).CopyTo(tail);
            tail[..(logits.Length - done)].CopyTo(weights[done..]);
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

    private static Vector<float> Weigh(Vector<float> logits, float max, float inverseTemperature, float smallest)
    {
        Vector<float> exponents = (logits - new Vector<float>(max)) * inverseTemperature;
        Vector<float> weights = Vector.ConditionalSelect(
            Vector.GreaterThan(exponents, new Vector<float>(SmallestExponent)), Vector.Exp(exponents), Vector<float>.Zero);
        return Vector.ConditionalSelect(Vector.GreaterThanOrEqual(weights, new Vector<float>(smallest)), weights, Vector<float>.Zero);
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
