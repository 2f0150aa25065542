using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// One register tile of <see cref="Panel"/>. A tile with fewer rows or blocks than its shape computes the last one several times
/// and stores the same bits several times: no second code path, no masks.
/// </summary>
internal unsafe struct PanelTile
{
    public PanelRun* Runs;
    public int RunCount;
    public nint BlockStride;
    public nint DepthStride;
    public int LastBlock;
    public int LastRow;
    public bool Accumulate;
    public float* X;
    public nint XStride;
    public float* Y;
    public nint YStride;

    /// <summary>Lines of each run that other tiles ask for before this one.</summary>
    public nint AskStart;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneByFour<TLanes, TElement, TAsk>(in PanelTile tile)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
        where TAsk : IAsk
    {
        var o0 = tile.Block(0);
        var o1 = tile.Block(1);
        var o2 = tile.Block(2);
        var o3 = tile.Block(3);
        var a0 = tile.Start<TLanes>(0, 0);
        var a1 = tile.Start<TLanes>(0, 1);
        var a2 = tile.Start<TLanes>(0, 2);
        var a3 = tile.Start<TLanes>(0, 3);
        var x = tile.X;
        var stride = tile.DepthStride;
        nint k = 0;
        for (var run = tile.Runs; run < tile.Runs + tile.RunCount; run++)
        {
            void* w0 = (byte*)run->W + TElement.BytesOf(o0), w1 = (byte*)run->W + TElement.BytesOf(o1), w2 = (byte*)run->W + TElement.BytesOf(o2), w3 = (byte*)run->W + TElement.BytesOf(o3);
            var end = k + run->Depth;
            var ask = run->Ask + (tile.AskStart * run->Depth * Prefetch.LineBytes);
            for (nint at = 0; k < end; k++, at += stride)
            {
                Prefetch.Some<TAsk>(ref ask);
                var value = TLanes.Broadcast(x[k]);
                a0 = TLanes.MultiplyAdd(TElement.Load<TLanes>(w0, at), value, a0);
                a1 = TLanes.MultiplyAdd(TElement.Load<TLanes>(w1, at), value, a1);
                a2 = TLanes.MultiplyAdd(TElement.Load<TLanes>(w2, at), value, a2);
                a3 = TLanes.MultiplyAdd(TElement.Load<TLanes>(w3, at), value, a3);
            }
        }

        tile.End(0, a0, a1, a2, a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoByTwo<TLanes, TElement>(in PanelTile tile)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var o0 = tile.Block(0);
        var o1 = tile.Block(1);
        var a0 = tile.Start<TLanes>(0, 0);
        var a1 = tile.Start<TLanes>(0, 1);
        var b0 = tile.Start<TLanes>(1, 0);
        var b1 = tile.Start<TLanes>(1, 1);
        var xa = tile.X;
        var xb = tile.Row(1);
        var stride = tile.DepthStride;
        nint k = 0;
        for (var run = tile.Runs; run < tile.Runs + tile.RunCount; run++)
        {
            void* w0 = (byte*)run->W + TElement.BytesOf(o0), w1 = (byte*)run->W + TElement.BytesOf(o1);
            var end = k + run->Depth;
            for (nint at = 0; k < end; k++, at += stride)
            {
                var v0 = TElement.Load<TLanes>(w0, at);
                var v1 = TElement.Load<TLanes>(w1, at);
                var value = TLanes.Broadcast(xa[k]);
                a0 = TLanes.MultiplyAdd(v0, value, a0);
                a1 = TLanes.MultiplyAdd(v1, value, a1);
                value = TLanes.Broadcast(xb[k]);
                b0 = TLanes.MultiplyAdd(v0, value, b0);
                b1 = TLanes.MultiplyAdd(v1, value, b1);
            }
        }

        TLanes.Store(a0, tile.Output(0, 0));
        TLanes.Store(a1, tile.Output(0, 1));
        TLanes.Store(b0, tile.Output(1, 0));
        TLanes.Store(b1, tile.Output(1, 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourByFour<TLanes, TElement, TAsk>(in PanelTile tile)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
        where TAsk : IAsk
    {
        var o0 = tile.Block(0);
        var o1 = tile.Block(1);
        var o2 = tile.Block(2);
        var o3 = tile.Block(3);
        TLanes a0 = tile.Start<TLanes>(0, 0), a1 = tile.Start<TLanes>(0, 1), a2 = tile.Start<TLanes>(0, 2), a3 = tile.Start<TLanes>(0, 3);
        TLanes b0 = tile.Start<TLanes>(1, 0), b1 = tile.Start<TLanes>(1, 1), b2 = tile.Start<TLanes>(1, 2), b3 = tile.Start<TLanes>(1, 3);
        TLanes c0 = tile.Start<TLanes>(2, 0), c1 = tile.Start<TLanes>(2, 1), c2 = tile.Start<TLanes>(2, 2), c3 = tile.Start<TLanes>(2, 3);
        TLanes d0 = tile.Start<TLanes>(3, 0), d1 = tile.Start<TLanes>(3, 1), d2 = tile.Start<TLanes>(3, 2), d3 = tile.Start<TLanes>(3, 3);
        float* xa = tile.X, xb = tile.Row(1), xc = tile.Row(2), xd = tile.Row(3);
        var stride = tile.DepthStride;
        nint k = 0;
        for (var run = tile.Runs; run < tile.Runs + tile.RunCount; run++)
        {
            void* w0 = (byte*)run->W + TElement.BytesOf(o0), w1 = (byte*)run->W + TElement.BytesOf(o1), w2 = (byte*)run->W + TElement.BytesOf(o2), w3 = (byte*)run->W + TElement.BytesOf(o3);
            var end = k + run->Depth;
            var ask = run->Ask + (tile.AskStart * run->Depth * Prefetch.LineBytes);
            for (nint at = 0; k < end; k++, at += stride)
            {
                Prefetch.Some<TAsk>(ref ask);
                var v0 = TElement.Load<TLanes>(w0, at);
                var v1 = TElement.Load<TLanes>(w1, at);
                var v2 = TElement.Load<TLanes>(w2, at);
                var v3 = TElement.Load<TLanes>(w3, at);
                var value = TLanes.Broadcast(xa[k]);
                a0 = TLanes.MultiplyAdd(v0, value, a0);
                a1 = TLanes.MultiplyAdd(v1, value, a1);
                a2 = TLanes.MultiplyAdd(v2, value, a2);
                a3 = TLanes.MultiplyAdd(v3, value, a3);
                value = TLanes.Broadcast(xb[k]);
                b0 = TLanes.MultiplyAdd(v0, value, b0);
                b1 = TLanes.MultiplyAdd(v1, value, b1);
                b2 = TLanes.MultiplyAdd(v2, value, b2);
                b3 = TLanes.MultiplyAdd(v3, value, b3);
                value = TLanes.Broadcast(xc[k]);
                c0 = TLanes.MultiplyAdd(v0, value, c0);
                c1 = TLanes.MultiplyAdd(v1, value, c1);
                c2 = TLanes.MultiplyAdd(v2, value, c2);
                c3 = TLanes.MultiplyAdd(v3, value, c3);
                value = TLanes.Broadcast(xd[k]);
                d0 = TLanes.MultiplyAdd(v0, value, d0);
                d1 = TLanes.MultiplyAdd(v1, value, d1);
                d2 = TLanes.MultiplyAdd(v2, value, d2);
                d3 = TLanes.MultiplyAdd(v3, value, d3);
            }
        }

        tile.End(0, a0, a1, a2, a3);
        tile.End(1, b0, b1, b2, b3);
        tile.End(2, c0, c1, c2, c3);
        tile.End(3, d0, d1, d2, d3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly nint Block(int block) => Math.Min(block, LastBlock) * BlockStride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float* Row(int row) => X + (Math.Min(row, LastRow) * XStride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float* Output(int row, int block) => Y + (Math.Min(row, LastRow) * YStride) + (Math.Min(block, LastBlock) * 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TLanes Start<TLanes>(int row, int block)
        where TLanes : unmanaged, ILanes<TLanes> => Accumulate ? TLanes.Load(Output(row, block)) : TLanes.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void End<TLanes>(int row, TLanes a, TLanes b, TLanes c, TLanes d)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes.Store(a, Output(row, 0));
        TLanes.Store(b, Output(row, 1));
        TLanes.Store(c, Output(row, 2));
        TLanes.Store(d, Output(row, 3));
    }
}
