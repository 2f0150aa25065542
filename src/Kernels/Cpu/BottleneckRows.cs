using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>What a bottleneck does to a row between and around its products.</summary>
internal static unsafe class BottleneckRows
{
    private const int Lanes = Packing.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Prepare<TLanes>(in BottleneckOperands operands, in BottleneckWork work, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var row = first; row < end; row++)
        {
            if (work.Scratch.Gathered != null)
            {
                Gather<TLanes>(operands, work, row);
            }

            if (work.Scratch.Sums != null)
            {
                work.Scratch.Sums[row] = Sum<TLanes>(work.H + (row * work.HStride), work.InWidth);
            }
        }
    }

    /// <summary>
    /// d += bias and, for weights of bits, Low times the sum of h, for one group of ranks; what stands behind the last rank is never read.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddBias<TLanes>(in BottleneckWork work, int firstRow, int rows, int rank)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if (work.DownBias == null && work.Scratch.Sums == null)
        {
            return;
        }

        var bias = work.DownBias == null ? TLanes.Zero : TLanes.Load(work.DownBias + rank);
        var low = TLanes.Broadcast(work.Down.Low);
        for (var row = firstRow; row < firstRow + rows; row++)
        {
            var d = work.Scratch.D + ((nint)row * work.Scratch.Stride) + rank;
            var value = TLanes.Add(TLanes.Load(d), bias);
            TLanes.Store(work.Scratch.Sums == null ? value : TLanes.MultiplyAdd(low, TLanes.Broadcast(work.Scratch.Sums[row]), value), d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Activate<TLanes>(in BottleneckWork work, SequenceRows* sequences, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var stride = (nint)work.Scratch.Stride;
        if (work.Convolution.Taps > 0)
        {
            CausalConvolution.Run<TLanes>(work, sequences, first, end);
        }

        for (var row = first; row < end; row++)
        {
            var a = work.Scratch.A + (row * stride);
            Activations.Apply<TLanes>(work.Activation, a, Packing.RoundUp(work.Rank));
            var last = work.Scale;
            if (work.Type == WeightType.Bit)
            {
                last *= work.Up.Low * SumInOrder(a, work.Rank);
            }

            Scale<TLanes>(a, work.Rank, work.Scale * work.Up.Step);
            if (work.HasLastColumn)
            {
                a[work.Rank] = last;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish<TLanes>(in BottleneckOperands operands, in BottleneckWork work, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var width = work.OutWidth;
        for (var row = first; row < end; row++)
        {
            var v = work.Scratch.V + ((nint)row * Packing.RoundUp(width));
            var y = operands.Y + ((nint)(work.RowStart + row) * operands.OutFeatures) + work.OutOffset;
            if (work.ChannelScale != null)
            {
                Multiply<TLanes>(v, work.ChannelScale, width);
            }

            var norms = work.After.IsPresent;
            if (norms && work.AfterNormsOutput)
            {
                Add<TLanes>(y, v, v, width);
                LayerNorm.Row<TLanes>(v, width, work.After, y);
                continue;
            }

            if (norms)
            {
                LayerNorm.Row<TLanes>(v, width, work.After, v);
            }

            Add<TLanes>(y, v, y, width);
        }
    }

    private static void Gather<TLanes>(in BottleneckOperands operands, in BottleneckWork work, int row)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var target = work.Scratch.Gathered + (row * work.HStride);
        var width = work.InWidth;
        nint at = work.RowStart + row;
        var x = (work.Input == BottleneckInput.Normed ? operands.Normed : operands.X) + (at * operands.InFeatures) + work.InOffset;
        var y = operands.Y + (at * operands.OutFeatures) + work.InOffset;
        if (work.Input == BottleneckInput.Sum)
        {
            Add<TLanes>(x, y, target, width);
        }
        else
        {
            new Span<float>(work.Input == BottleneckInput.Output ? y : x, width).CopyTo(new Span<float>(target, width));
        }

        if (work.Before.IsPresent)
        {
            LayerNorm.Row<TLanes>(target, width, work.Before, target);
        }

        new Span<float>(target + width, (int)work.HStride - width).Clear();
    }

    /// <summary>Of a row that is zero between its width and the next sixteen.</summary>
    private static float Sum<TLanes>(float* row, int width)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var sums = TLanes.Zero;
        for (var i = 0; i < width; i += Lanes)
        {
            sums = TLanes.Add(sums, TLanes.Load(row + i));
        }

        return TLanes.Sum(sums);
    }

    private static float SumInOrder(float* values, int count)
    {
        var sum = 0f;
        for (var i = 0; i < count; i++)
        {
            sum += values[i];
        }

        return sum;
    }

    private static void Scale<TLanes>(float* values, int count, float factor)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var factors = TLanes.Broadcast(factor);
        for (var i = 0; i < count && factor != 1; i += Lanes)
        {
            TLanes.Store(TLanes.Multiply(TLanes.Load(values + i), factors), values + i);
        }
    }

    /// <summary>target = a + b.</summary>
    private static void Add<TLanes>(float* a, float* b, float* target, int width)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var i = 0;
        for (; i <= width - Lanes; i += Lanes)
        {
            TLanes.Store(TLanes.Add(TLanes.Load(a + i), TLanes.Load(b + i)), target + i);
        }

        for (; i < width; i++)
        {
            target[i] = a[i] + b[i];
        }
    }

    private static void Multiply<TLanes>(float* values, float* factors, int width)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var i = 0; i < width; i += Lanes)
        {
            TLanes.Store(TLanes.Multiply(TLanes.Load(values + i), TLanes.Load(factors + i)), values + i);
        }
    }
}
