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

    /// <summary>
    /// The same for up to 32 rows in two tiles, an element decoded once for both where the registers hold their sums.
    /// <b>Shapes</b>: x [2][H][16 rows], the second tile only where there are more than sixteen rows; y [rows, O].
    /// </summary>
    public void AddTiles<TLanes, TElement>(float* x, nint inFeatures, float* y, nint outFeatures, int rows, int from, int to)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        var second = x + (inFeatures * Lanes);
        var sums = stackalloc float[2 * Lanes * Lanes];
        for (var first = from; first < to; first += Lanes)
        {
            var count = Math.Min(Lanes, to - first);
            for (var i = 0; i < count; i++)
            {
                var target = sums + (i * Lanes);
                var other = target + (Lanes * Lanes);
                if (rows <= Lanes)
                {
                    TLanes.Store(Sum<TLanes, TElement>(x, first + i), target);
                }
                else if (TLanes.HoldsSixteenAccumulators)
                {
                    Sum<TLanes, TElement>(x, second, first + i, target, other);
                }
                else
                {
                    TLanes.Store(Sum<TLanes, TElement>(x, first + i), target);
                    TLanes.Store(Sum<TLanes, TElement>(second, first + i), other);
                }
            }

            AddSums<TLanes>(sums, y + first, outFeatures, Math.Min(rows, Lanes), count);
            AddSums<TLanes>(sums + (Lanes * Lanes), y + first + (Lanes * outFeatures), outFeatures, rows - Lanes, count);
        }
    }

    /// <summary>y[row, output] += sums[output][row].</summary>
    private static void AddSums<TLanes>(float* sums, float* y, nint outFeatures, int rows, int outputs)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if (outputs < Lanes)
        {
            for (var i = 0; i < outputs * rows; i++)
            {
                y[(i / outputs * outFeatures) + (i % outputs)] += sums[(i % outputs * Lanes) + (i / outputs)];
            }
        }
        else if (rows > 0)
        {
            var byRow = stackalloc float[Lanes * Lanes];
            TLanes.Transpose(sums, Lanes, byRow);
            for (var row = 0; row < rows; row++)
            {
                var target = y + (row * outFeatures);
                TLanes.Store(TLanes.Add(TLanes.Load(target), TLanes.Load(byRow + (row * Lanes))), target);
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

    /// <summary>The sums of two tiles in the chains of the sums of one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sum<TLanes, TElement>(float* x, float* second, int o, float* sum, float* secondSum)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        nint at = starts[o], end = starts[o + 1];
        TLanes a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, d = TLanes.Zero;
        TLanes e = TLanes.Zero, f = TLanes.Zero, g = TLanes.Zero, h = TLanes.Zero;
        for (; at <= end - 4; at += 4)
        {
            AddLanes<TLanes, TElement>(ref a, ref e, at, x, second);
            AddLanes<TLanes, TElement>(ref b, ref f, at + 1, x, second);
            AddLanes<TLanes, TElement>(ref c, ref g, at + 2, x, second);
            AddLanes<TLanes, TElement>(ref d, ref h, at + 3, x, second);
        }

        if (at < end)
        {
            AddLanes<TLanes, TElement>(ref a, ref e, at, x, second);
        }

        if (at + 1 < end)
        {
            AddLanes<TLanes, TElement>(ref b, ref f, at + 1, x, second);
        }

        if (at + 2 < end)
        {
            AddLanes<TLanes, TElement>(ref c, ref g, at + 2, x, second);
        }

        var scales = TLanes.Broadcast(scale);
        TLanes.Store(TLanes.Multiply(TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d)), scales), sum);
        TLanes.Store(TLanes.Multiply(TLanes.Add(TLanes.Add(e, f), TLanes.Add(g, h)), scales), secondSum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddLanes<TLanes, TElement>(ref TLanes sum, ref TLanes secondSum, nint at, float* x, float* second)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        var value = TLanes.Broadcast(TElement.Value(values, at));
        var column = TElement.Column(columns, at) * Lanes;
        sum = TLanes.MultiplyAdd(value, TLanes.Load(x + column), sum);
        secondSum = TLanes.MultiplyAdd(value, TLanes.Load(second + column), secondSum);
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
