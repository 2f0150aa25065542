using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// What a sampler needs of a row of logits. <b>Errors</b>: <see cref="ArgumentException"/> for an empty row. <b>Source</b>: ours.
/// </summary>
public static unsafe class Logits
{
    private const int Chunk = 256;

    /// <summary>The index of the largest value, the smallest such index on ties; NaN never wins, and a row without a number gives 0.</summary>
    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        RequireAny(logits);
        return SimdSupport.Path switch
        {
            SimdPath.Avx512 => ArgMax<Lanes512>(logits),
            SimdPath.Avx2 => ArgMax<Lanes256>(logits),
            SimdPath.Vector128 => ArgMax<Lanes128>(logits),
            _ => ArgMax<LanesScalar>(logits),
        };
    }

    /// <summary>log of the sum of e^x, so that x - LogSumExp is x's log-probability to within 1e-6; sums are compensated, NaN weighs nothing.</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        RequireAny(logits);
        var maximum = logits[ArgMax(logits)];
        if (!float.IsFinite(maximum))
        {
            return maximum;
        }

        var sum = SimdSupport.Path switch
        {
            SimdPath.Avx512 => SumExp<Lanes512>(logits, maximum),
            SimdPath.Avx2 => SumExp<Lanes256>(logits, maximum),
            SimdPath.Vector128 => SumExp<Lanes128>(logits, maximum),
            _ => SumExp<LanesScalar>(logits, maximum),
        };
        return maximum + Math.Log(sum);
    }

    /// <summary>
    /// <b>Semantics</b>: weights[i] = e^((logits[i] - maximum) factor), within 2 units in the last place of the exponential and 2e-38; 0 below e^-87
    /// and for NaN.
    /// <b>Shapes</b>: both [V]; they may be one. <b>Errors</b>: <see cref="ArgumentException"/> where their lengths differ.
    /// </summary>
    public static void Weigh(ReadOnlySpan<float> logits, float maximum, float factor, Span<float> weights)
    {
        RequireAny(logits);
        Shape.Require("Logits", "weights", logits.Length, weights.Length);
        switch (SimdSupport.Path)
        {
            case SimdPath.Avx512: Weigh<Lanes512>(logits, maximum, factor, weights); break;
            case SimdPath.Avx2: Weigh<Lanes256>(logits, maximum, factor, weights); break;
            case SimdPath.Vector128: Weigh<Lanes128>(logits, maximum, factor, weights); break;
            default: Weigh<LanesScalar>(logits, maximum, factor, weights); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh<TLanes>(ReadOnlySpan<float> logits, float maximum, float factor, Span<float> weights)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (float* source = logits, target = weights)
        {
            // The exponential clamps: what it gives for the least exponent is taken off, which leaves exact zeros there and no trace elsewhere.
            // NaN becomes the least.
            var least = TLanes.Broadcast(-87);
            var floor = VectorMath.Exp(least);
            var i = 0;
            for (; i + 16 <= logits.Length; i += 16)
            {
                TLanes.Store(Weigh(TLanes.Load(source + i), maximum, factor, least, floor), target + i);
            }

            if (i < logits.Length)
            {
                // The tail goes through the same instructions, so that a weight does not depend on its place.
                var lanes = stackalloc float[16];
                var rest = logits.Length - i;
                logits[i..].CopyTo(new Span<float>(lanes, 16));
                TLanes.Store(Weigh(TLanes.Load(lanes), maximum, factor, least, floor), lanes);
                new Span<float>(lanes, rest).CopyTo(weights[i..]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Weigh<TLanes>(TLanes logits, float maximum, float factor, TLanes least, TLanes floor)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var exponents = TLanes.Multiply(TLanes.Subtract(logits, TLanes.Broadcast(maximum)), TLanes.Broadcast(factor));
        return TLanes.Subtract(VectorMath.Exp(TLanes.Max(exponents, least)), floor);
    }

    private static void RequireAny(ReadOnlySpan<float> logits)
    {
        if (logits.IsEmpty)
        {
            throw new ArgumentException("Logits: the row must hold at least one value, got none.", nameof(logits));
        }
    }

    private static int ArgMax<TLanes>(ReadOnlySpan<float> logits)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var best = float.NegativeInfinity;
        var bestChunk = 0;
        for (var start = 0; start < logits.Length; start += Chunk)
        {
            var largest = Largest<TLanes>(logits[start..Math.Min(start + Chunk, logits.Length)]);
            if (largest > best)
            {
                (best, bestChunk) = (largest, start);
            }
        }

        for (var i = bestChunk; i < logits.Length; i++)
        {
            // The sign of a zero does not decide: == holds for both.
            if (logits[i] == best)
            {
                return i;
            }
        }

        return 0;
    }

    private static float Largest<TLanes>(ReadOnlySpan<float> values)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (float* first = values)
        {
            var largest = TLanes.Broadcast(float.NegativeInfinity);
            var i = 0;
            for (; i + 16 <= values.Length; i += 16)
            {
                largest = TLanes.Max(TLanes.Load(first + i), largest);
            }

            var result = TLanes.Largest(largest);
            for (; i < values.Length; i++)
            {
                result = first[i] > result ? first[i] : result;
            }

            return result;
        }
    }

    private static double SumExp<TLanes>(ReadOnlySpan<float> logits, float maximum)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (float* first = &MemoryMarshal.GetReference(logits))
        {
            var shift = TLanes.Broadcast(maximum);
            var sum = TLanes.Zero;
            var lost = TLanes.Zero;
            var i = 0;
            for (; i + 16 <= logits.Length; i += 16)
            {
                var term = TLanes.Subtract(VectorMath.Exp(TLanes.Subtract(TLanes.Load(first + i), shift)), lost);
                var next = TLanes.Add(sum, term);
                lost = TLanes.Subtract(TLanes.Subtract(next, sum), term);
                sum = next;
            }

            var lanes = stackalloc float[32];
            TLanes.Store(sum, lanes);
            TLanes.Store(lost, lanes + 16);
            var total = 0.0;
            for (var lane = 0; lane < 16; lane++)
            {
                total += (double)lanes[lane] - lanes[16 + lane];
            }

            for (; i < logits.Length; i++)
            {
                // As in the lanes, what is not a number weighs nothing.
                total += float.IsNaN(first[i]) ? 0 : Math.Exp((double)first[i] - maximum);
            }

            return total;
        }
    }
}
