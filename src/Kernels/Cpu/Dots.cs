using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// Dot products of rows with up to sixteen interleaved weight rows: v[row, r] = scale * sum over h of x[row, h] * a[r, h].
/// <b>Layout</b>: a [chunks][ranks][16 lanes]; x rows of 16 chunks floats. <b>Semantics</b>: one sixteen-lane accumulator a product, chunks in
/// order, then the fixed tree, whatever the tile. Missing ranks and rows of a tile repeat the last one.
/// </summary>
internal unsafe struct Dots
{
    public void* A;
    public int Chunks;
    public int Ranks;
    public float* X;
    public nint XStride;
    public int Rows;
    public float* V;
    public nint VStride;
    public float Scale;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TLanes, TElement>()
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        if (Rows == 1)
        {
            RunOneRow<TLanes, TElement>();
            return;
        }

        var tile = this;
        var step = TLanes.HoldsSixteenAccumulators ? 4 : 2;
        for (var row = 0; row < Rows; row += step)
        {
            tile.Rows = Math.Min(step, Rows - row);
            for (var rank = 0; rank < Ranks; rank += step)
            {
                if (TLanes.HoldsSixteenAccumulators)
                {
                    FourByFour<TLanes, TElement>(tile, rank);
                }
                else
                {
                    TwoByTwo<TLanes, TElement>(tile, rank);
                }
            }

            tile.X += step * XStride;
            tile.V += step * VStride;
        }
    }

    private readonly void RunOneRow<TLanes, TElement>()
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        if (TLanes.HoldsSixteenAccumulators && Ranks == 16)
        {
            OneBySixteen<TLanes, TElement>(this);
            return;
        }

        for (var rank = 0; rank < Ranks; rank += 4)
        {
            OneByFour<TLanes, TElement>(this, rank);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneBySixteen<TLanes, TElement>(in Dots dots)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        TLanes a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        TLanes a8 = a0, a9 = a0, aa = a0, ab = a0, ac = a0, ad = a0, ae = a0, af = a0;
        var a = dots.A;
        var x = dots.X;
        nint end = (nint)dots.Chunks * 256;
        for (nint at = 0; at < end; at += 256, x += 16)
        {
            var value = TLanes.Load(x);
            a0 = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at), value, a0);
            a1 = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 16), value, a1);
            a2 = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 32), value, a2);
            a3 = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 48), value, a3);
            a4 = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 64), value, a4);
            a5 = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 80), value, a5);
            a6 = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 96), value, a6);
            a7 = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 112), value, a7);
            a8 = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 128), value, a8);
            a9 = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 144), value, a9);
            aa = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 160), value, aa);
            ab = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 176), value, ab);
            ac = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 192), value, ac);
            ad = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 208), value, ad);
            ae = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 224), value, ae);
            af = TLanes.MultiplyAdd(TElement.Load<TLanes>(a, at + 240), value, af);
        }

        dots.End(0, 0, a0, a1, a2, a3);
        dots.End(0, 4, a4, a5, a6, a7);
        dots.End(0, 8, a8, a9, aa, ab);
        dots.End(0, 12, ac, ad, ae, af);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneByFour<TLanes, TElement>(in Dots dots, int rank)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        TLanes a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0;
        void* w0 = dots.Rank<TElement>(rank), w1 = dots.Rank<TElement>(rank + 1), w2 = dots.Rank<TElement>(rank + 2), w3 = dots.Rank<TElement>(rank + 3);
        var x = dots.X;
        nint step = dots.Ranks * 16;
        nint end = dots.Chunks * step;
        for (nint at = 0; at < end; at += step, x += 16)
        {
            var value = TLanes.Load(x);
            a0 = TLanes.MultiplyAdd(TElement.Load<TLanes>(w0, at), value, a0);
            a1 = TLanes.MultiplyAdd(TElement.Load<TLanes>(w1, at), value, a1);
            a2 = TLanes.MultiplyAdd(TElement.Load<TLanes>(w2, at), value, a2);
            a3 = TLanes.MultiplyAdd(TElement.Load<TLanes>(w3, at), value, a3);
        }

        dots.End(0, rank, a0, a1, a2, a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoByTwo<TLanes, TElement>(in Dots dots, int rank)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        TLanes a0 = TLanes.Zero, a1 = a0, b0 = a0, b1 = a0;
        void* w0 = dots.Rank<TElement>(rank), w1 = dots.Rank<TElement>(rank + 1);
        float* xa = dots.X, xb = dots.Row(1);
        nint step = dots.Ranks * 16;
        nint end = dots.Chunks * step;
        nint h = 0;
        for (nint at = 0; at < end; at += step, h += 16)
        {
            var v0 = TElement.Load<TLanes>(w0, at);
            var v1 = TElement.Load<TLanes>(w1, at);
            var value = TLanes.Load(xa + h);
            a0 = TLanes.MultiplyAdd(v0, value, a0);
            a1 = TLanes.MultiplyAdd(v1, value, a1);
            value = TLanes.Load(xb + h);
            b0 = TLanes.MultiplyAdd(v0, value, b0);
            b1 = TLanes.MultiplyAdd(v1, value, b1);
        }

        *dots.Output(0, rank) = dots.Scale * TLanes.Sum(a0);
        *dots.Output(0, rank + 1) = dots.Scale * TLanes.Sum(a1);
        *dots.Output(1, rank) = dots.Scale * TLanes.Sum(b0);
        *dots.Output(1, rank + 1) = dots.Scale * TLanes.Sum(b1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByFour<TLanes, TElement>(in Dots dots, int rank)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        TLanes a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        TLanes c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
        void* w0 = dots.Rank<TElement>(rank), w1 = dots.Rank<TElement>(rank + 1), w2 = dots.Rank<TElement>(rank + 2), w3 = dots.Rank<TElement>(rank + 3);
        float* xa = dots.X, xb = dots.Row(1), xc = dots.Row(2), xd = dots.Row(3);
        nint step = dots.Ranks * 16;
        nint end = dots.Chunks * step;
        nint h = 0;
        for (nint at = 0; at < end; at += step, h += 16)
        {
            var v0 = TElement.Load<TLanes>(w0, at);
            var v1 = TElement.Load<TLanes>(w1, at);
            var v2 = TElement.Load<TLanes>(w2, at);
            var v3 = TElement.Load<TLanes>(w3, at);
            var value = TLanes.Load(xa + h);
            a0 = TLanes.MultiplyAdd(v0, value, a0);
            a1 = TLanes.MultiplyAdd(v1, value, a1);
            a2 = TLanes.MultiplyAdd(v2, value, a2);
            a3 = TLanes.MultiplyAdd(v3, value, a3);
            value = TLanes.Load(xb + h);
            b0 = TLanes.MultiplyAdd(v0, value, b0);
            b1 = TLanes.MultiplyAdd(v1, value, b1);
            b2 = TLanes.MultiplyAdd(v2, value, b2);
            b3 = TLanes.MultiplyAdd(v3, value, b3);
            value = TLanes.Load(xc + h);
            c0 = TLanes.MultiplyAdd(v0, value, c0);
            c1 = TLanes.MultiplyAdd(v1, value, c1);
            c2 = TLanes.MultiplyAdd(v2, value, c2);
            c3 = TLanes.MultiplyAdd(v3, value, c3);
            value = TLanes.Load(xd + h);
            d0 = TLanes.MultiplyAdd(v0, value, d0);
            d1 = TLanes.MultiplyAdd(v1, value, d1);
            d2 = TLanes.MultiplyAdd(v2, value, d2);
            d3 = TLanes.MultiplyAdd(v3, value, d3);
        }

        dots.End(0, rank, a0, a1, a2, a3);
        dots.End(1, rank, b0, b1, b2, b3);
        dots.End(2, rank, c0, c1, c2, c3);
        dots.End(3, rank, d0, d1, d2, d3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void* Rank<TElement>(int rank)
        where TElement : IElement => (byte*)A + TElement.BytesOf((nint)Math.Min(rank, Ranks - 1) * 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float* Row(int row) => X + (Math.Min(row, Rows - 1) * XStride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float* Output(int row, int rank) => V + (Math.Min(row, Rows - 1) * VStride) + Math.Min(rank, Ranks - 1);

    private readonly void End<TLanes>(int row, int rank, TLanes a, TLanes b, TLanes c, TLanes d)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        *Output(row, rank) = Scale * TLanes.Sum(a);
        *Output(row, rank + 1) = Scale * TLanes.Sum(b);
        *Output(row, rank + 2) = Scale * TLanes.Sum(c);
        *Output(row, rank + 3) = Scale * TLanes.Sum(d);
    }
}
