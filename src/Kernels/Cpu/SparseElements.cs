using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// The two inner loops of <see cref="Sparse"/>. Both add an output's elements in four chains, element i to chain i mod 4, and the chains as (0 + 1) + (2 + 3),
/// so that a row gets the same bits from either, also of the scale, which multiplies the sum; a scale of 1 rounds nothing.
/// </summary>
internal readonly unsafe struct SparseElements(int* starts, void* values, void* columns, float scale)
{
    private const int Lanes = SparseCall.TileRows;

    /// <summary>y[o] += scale * S[o] x for o in [from, to) and one row.</summary>
    public void AddRow<TLanes, TElement>(float* x, float* y, int from, int to)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        for (var o = from; o < to; o++)
        {
            nint at = starts[o], end = starts[o + 1];
            float a = 0, b = 0, c = 0, d = 0;
            for (; at <= end - 4; at += 4)
            {
                a = Add<TLanes, TElement>(a, at, x);
                b = Add<TLanes, TElement>(b, at + 1, x);
                c = Add<TLanes, TElement>(c, at + 2, x);
                d = Add<TLanes, TElement>(d, at + 3, x);
            }

            a = at < end ? Add<TLanes, TElement>(a, at, x) : a;
            b = at + 1 < end ? Add<TLanes, TElement>(b, at + 1, x) : b;
            c = at + 2 < end ? Add<TLanes, TElement>(c, at + 2, x) : c;
            y[o] += scale * (a + b + (c + d));
        }
    }

    /// <summary>The same for up to sixteen rows. <b>Shapes</b>: x [H][16 rows], y [rows, O].</summary>
    public void AddTile<TLanes, TElement>(float* x, float* y, int outFeatures, int rows, int from, int to)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        var byOutput = stackalloc float[Lanes * Lanes];
        var byRow = stackalloc float[Lanes * Lanes];
        for (var first = from; first < to; first += Lanes)
        {
            var count = Math.Min(Lanes, to - first);
            for (var i = 0; i < count; i++)
            {
                TLanes.Store(Sum<TLanes, TElement>(x, first + i), byOutput + (i * Lanes));
            }

            if (count == Lanes)
            {
                TLanes.Transpose(byOutput, Lanes, byRow);
                for (var row = 0; row < rows; row++)
                {
                    var target = y + ((nint)row * outFeatures) + first;
                    TLanes.Store(TLanes.Add(TLanes.Load(target), TLanes.Load(byRow + (row * Lanes))), target);
                }
            }
            else
            {
                for (var i = 0; i < count * rows; i++)
                {
                    y[((nint)(i / count) * outFeatures) + first + (i % count)] += byOutput[(i % count * Lanes) + (i / count)];
                }
            }
        }
    }

    private TLanes Sum<TLanes, TElement>(float* x, int o)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        nint at = starts[o], end = starts[o + 1];
        TLanes a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, d = TLanes.Zero;
        for (; at <= end - 4; at += 4)
        {
            a = AddLanes<TLanes, TElement>(a, at, x);
            b = AddLanes<TLanes, TElement>(b, at + 1, x);
            c = AddLanes<TLanes, TElement>(c, at + 2, x);
            d = AddLanes<TLanes, TElement>(d, at + 3, x);
        }

        a = at < end ? AddLanes<TLanes, TElement>(a, at, x) : a;
        b = at + 1 < end ? AddLanes<TLanes, TElement>(b, at + 1, x) : b;
        c = at + 2 < end ? AddLanes<TLanes, TElement>(c, at + 2, x) : c;
        return TLanes.Multiply(TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d)), TLanes.Broadcast(scale));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Add<TLanes, TElement>(float sum, nint at, float* x)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement => TLanes.MultiplyAdd(TElement.Value(values, at), x[TElement.Column(columns, at)], sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TLanes AddLanes<TLanes, TElement>(TLanes sum, nint at, float* x)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement =>
        TLanes.MultiplyAdd(TLanes.Broadcast(TElement.Value(values, at)), TLanes.Load(x + (TElement.Column(columns, at) * Lanes)), sum);
}
