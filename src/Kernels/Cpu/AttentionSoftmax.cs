using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// The softmax of one row over one chunk of positions, against the chunk's own maximum. <b>Effects</b>: in place, on whole blocks of sixteen; what a
/// row does not see becomes
/// exactly zero, whatever stood there.
/// </summary>
internal static unsafe class AttentionSoftmax
{
    /// <summary>Weights of the positions [first, end) of a row; zero elsewhere in [from, to).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TLanes>(float* row, float softCap, int from, int first, int end, int to, out float maximum, out float total)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if (first >= end)
        {
            new Span<float>(row + from, to - from).Clear();
            (maximum, total) = (0, 0);
            return;
        }

        if (first == 0 && end == AttentionWorkspace.Chunk && softCap == 0)
        {
            Whole<TLanes>(row, out maximum, out total);
            return;
        }

        var firstBlock = first & -16;
        var endBlock = (end + 15) & -16;
        if (softCap != 0)
        {
            Cap<TLanes>(row, softCap, firstBlock, endBlock);
        }

        new Span<float>(row + firstBlock, first - firstBlock).Fill(float.NegativeInfinity);
        new Span<float>(row + end, endBlock - end).Fill(float.NegativeInfinity);
        var largest = TLanes.Load(row + firstBlock);
        for (var i = firstBlock + 16; i < endBlock; i += 16)
        {
            largest = TLanes.Max(TLanes.Load(row + i), largest);
        }

        maximum = TLanes.Largest(largest);
        var shift = TLanes.Broadcast(maximum);
        for (var i = firstBlock; i < endBlock; i += 16)
        {
            TLanes.Store(VectorMath.Exp(TLanes.Subtract(TLanes.Load(row + i), shift)), row + i);
        }

        // The exponential clamps, so what is masked is cleared after it.
        new Span<float>(row + Math.Min(from, firstBlock), first - Math.Min(from, firstBlock)).Clear();
        new Span<float>(row + end, Math.Max(to, endBlock) - end).Clear();
        var sum = TLanes.Zero;
        for (var i = firstBlock; i < endBlock; i += 16)
        {
            sum = TLanes.Add(sum, TLanes.Load(row + i));
        }

        total = TLanes.Sum(sum);
    }

    /// <summary>The same bits for a chunk that is seen whole: nothing to mask, and the row stays in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Whole<TLanes>(float* row, out float maximum, out float total)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var a = TLanes.Load(row);
        var b = TLanes.Load(row + 16);
        var c = TLanes.Load(row + 32);
        var d = TLanes.Load(row + 48);
        maximum = TLanes.Largest(TLanes.Max(d, TLanes.Max(c, TLanes.Max(b, a))));
        var shift = TLanes.Broadcast(maximum);
        a = VectorMath.Exp(TLanes.Subtract(a, shift));
        b = VectorMath.Exp(TLanes.Subtract(b, shift));
        c = VectorMath.Exp(TLanes.Subtract(c, shift));
        d = VectorMath.Exp(TLanes.Subtract(d, shift));
        TLanes.Store(a, row);
        TLanes.Store(b, row + 16);
        TLanes.Store(c, row + 32);
        TLanes.Store(d, row + 48);
        total = TLanes.Sum(TLanes.Add(TLanes.Add(TLanes.Add(a, b), c), d));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Cap<TLanes>(float* row, float softCap, int from, int to)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var cap = TLanes.Broadcast(softCap);
        for (var i = from; i < to; i += 16)
        {
            TLanes.Store(TLanes.Multiply(cap, VectorMath.Tanh(TLanes.Divide(TLanes.Load(row + i), cap))), row + i);
        }
    }
}
