using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: target = w * (x - mean) / sqrt(variance + epsilon) + b over one row; the variance is that of all elements (biased), by a second
/// pass.
/// <b>Units, dtype, layout</b>: f32, sums in lanes and one fixed tree; the target may be x.
/// </summary>
internal static unsafe class LayerNorm
{
    private const int Lanes = Packing.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row<TLanes>(float* x, int width, in PackedNorm norm, float* target)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var mean = Sum<TLanes>(x, width) / width;
        var factor = 1 / MathF.Sqrt((SumOfSquares<TLanes>(x, width, mean) / width) + norm.Epsilon);
        var (means, factors) = (TLanes.Broadcast(mean), TLanes.Broadcast(factor));
        var i = 0;
        for (; i <= width - Lanes; i += Lanes)
        {
            var value = TLanes.Multiply(TLanes.Subtract(TLanes.Load(x + i), means), factors);
            TLanes.Store(TLanes.Add(TLanes.Multiply(value, TLanes.Load(norm.Weight + i)), TLanes.Load(norm.Bias + i)), target + i);
        }

        for (; i < width; i++)
        {
            target[i] = ((x[i] - mean) * factor * norm.Weight[i]) + norm.Bias[i];
        }
    }

    private static float Sum<TLanes>(float* x, int width)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var sums = TLanes.Zero;
        var i = 0;
        for (; i <= width - Lanes; i += Lanes)
        {
            sums = TLanes.Add(sums, TLanes.Load(x + i));
        }

        var sum = TLanes.Sum(sums);
        for (; i < width; i++)
        {
            sum += x[i];
        }

        return sum;
    }

    private static float SumOfSquares<TLanes>(float* x, int width, float mean)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var means = TLanes.Broadcast(mean);
        var sums = TLanes.Zero;
        var i = 0;
        for (; i <= width - Lanes; i += Lanes)
        {
            var value = TLanes.Subtract(TLanes.Load(x + i), means);
            sums = TLanes.MultiplyAdd(value, value, sums);
        }

        var sum = TLanes.Sum(sums);
        for (; i < width; i++)
        {
            sum += (x[i] - mean) * (x[i] - mean);
        }

        return sum;
    }
}
