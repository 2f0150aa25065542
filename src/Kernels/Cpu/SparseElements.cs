using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// The two inner loops of <see cref="Sparse"/>. Both add an output's steps in one chain, its further elements in four, element i to chain i mod 4,
/// these as (0 + 1) + (2 + 3), and both sums,
/// so that a row gets the same bits from either, also of the scale, which multiplies the sum; a scale of 1 rounds nothing.
/// </summary>
internal readonly unsafe struct SparseElements(in SlicedRows elements, int outFeatures, float scale)
{
    private const int Lanes = SparseCall.TileRows;
    private const int Window = SlicedRows.Window;
    private const int Width = SlicedRows.Width;

    private readonly SlicedRows _elements = elements;
    private readonly void* _values = elements.Values;
    private readonly void* _columns = elements.Columns;

    /// <summary>y[o] += scale * S[o] x for the outputs of the windows [from, to) and one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddRow<TLanes, TElement>(float* x, float* y, int from, int to)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        var sums = stackalloc float[Window + 1];
        for (var window = from; window < to; window++)
        {
            new Span<float>(sums, Window).Clear();
            for (var index = _elements.WindowSlices[window]; index < _elements.WindowSlices[window + 1]; index++)
            {
                ref readonly var slice = ref _elements.Slices[index];
                AddSteps<TElement>(slice, x, sums);
                if (slice.Tails >= 0)
                {
                    AddTails<TLanes, TElement>(slice, x, sums);
                }
            }

            AddTo<TLanes>(y + (window * Window), sums, Math.Min(Window, outFeatures - (window * Window)));
        }
    }

    /// <summary>
    /// The same for up to 32 rows in two tiles, an element decoded once for both where the registers hold their sums.
    /// <b>Shapes</b>: x [2][H][16 rows], the second tile only where there are more than sixteen rows; y [rows, O].
    /// </summary>
    public void AddTiles<TLanes, TElement>(float* x, nint inFeatures, float* y, int rows, int from, int to)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        var tiles = rows <= Lanes ? 1 : 2;
        var buffer = stackalloc float[(((2 * Window) + (2 * Width) + 1) * Lanes)];
        var sums = (float*)(((nint)buffer + 63) & ~63);
        for (var window = from; window < to; window++)
        {
            new Span<float>(sums, tiles * Window * Lanes).Clear();
            for (var index = _elements.WindowSlices[window]; index < _elements.WindowSlices[window + 1]; index++)
            {
                AddSlice<TLanes, TElement>(x, x + (inFeatures * Lanes), tiles, index, sums);
            }

            for (var first = window * Window; first < Math.Min(outFeatures, (window + 1) * Window); first += Lanes)
            {
                var own = sums + ((first - (window * Window)) * Lanes);
                var count = Math.Min(Lanes, outFeatures - first);
                AddSums<TLanes>(own, y + first, outFeatures, Math.Min(rows, Lanes), count);
                AddSums<TLanes>(own + (Window * Lanes), y + first + ((nint)Lanes * outFeatures), outFeatures, rows - Lanes, count);
            }
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

    /// <summary>
    /// The steps of eight outputs to their places, four lanes to a register: wider ones would have to be joined from four inputs each first, which
    /// takes longer than what they save.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddSteps<TElement>(in SparseSlice slice, float* x, float* sums)
        where TElement : ISparseElement
    {
        var (a, b) = (Vector128<float>.Zero, Vector128<float>.Zero);
        void* values = _values, columns = _columns;
        nint at = slice.Start, end = at + ((nint)slice.Steps * Width);
        for (; at < end; at += Width)
        {
            a = Vector128.MultiplyAddEstimate(TElement.Values(values, at), TElement.Inputs(x, columns, at), a);
            b = Vector128.MultiplyAddEstimate(TElement.Values(values, at + 4), TElement.Inputs(x, columns, at + 4), b);
        }

        var order = slice.Order;
        sums[(byte)order] = a.ToScalar();
        sums[(byte)(order >> 8)] = a.GetElement(1);
        sums[(byte)(order >> 16)] = a.GetElement(2);
        sums[(byte)(order >> 24)] = a.GetElement(3);
        sums[(byte)(order >> 32)] = b.ToScalar();
        sums[(byte)(order >> 40)] = b.GetElement(1);
        sums[(byte)(order >> 48)] = b.GetElement(2);
        sums[order >> 56] = b.GetElement(3);
    }

    private void AddTails<TLanes, TElement>(in SparseSlice slice, float* x, float* sums)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        for (var lane = 0; lane < slice.Lanes; lane++)
        {
            nint at = _elements.Tails[slice.Tails + lane], end = _elements.Tails[slice.Tails + lane + 1];
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
            sums[slice.OutputOf(lane)] += a + b + (c + d);
        }
    }

    private void AddTo<TLanes>(float* y, float* sums, int count)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var (o, scales) = (0, TLanes.Broadcast(scale));
        for (; o <= count - Lanes; o += Lanes)
        {
            TLanes.Store(TLanes.Add(TLanes.Load(y + o), TLanes.Multiply(TLanes.Load(sums + o), scales)), y + o);
        }

        for (; o < count; o++)
        {
            y[o] += scale * sums[o];
        }
    }

    /// <summary>
    /// The sums of a slice's outputs to their places among those of its window. <b>Shapes</b>: sums [2][64 outputs][16 rows], and behind them room
    /// for [2][8][16].
    /// </summary>
    private void AddSlice<TLanes, TElement>(float* x, float* second, int tiles, int index, float* sums)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        ref readonly var slice = ref _elements.Slices[index];
        var own = sums + (2 * Window * Lanes);
        var others = own + (Width * Lanes);
        for (var lane = 0; lane < slice.Lanes; lane += 4)
        {
            if (tiles == 2 && TLanes.HoldsSixteenAccumulators)
            {
                FourSums<TLanes, TElement>(slice, lane, x, second, own + (lane * Lanes));
                continue;
            }

            FourSums<TLanes, TElement>(slice, lane, x, own + (lane * Lanes));
            if (tiles == 2)
            {
                FourSums<TLanes, TElement>(slice, lane, second, others + (lane * Lanes));
            }
        }

        for (var lane = 0; lane < slice.Lanes; lane++)
        {
            Finish<TLanes, TElement>(slice, lane, x, own, sums + (slice.OutputOf(lane) * Lanes));
            if (tiles == 2)
            {
                Finish<TLanes, TElement>(slice, lane, second, others, sums + ((Window + slice.OutputOf(lane)) * Lanes));
            }
        }
    }

    /// <summary>The steps of four outputs, of a tile each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FourSums<TLanes, TElement>(in SparseSlice slice, int lane, float* x, float* sums)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        TLanes a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, d = TLanes.Zero;
        nint at = slice.Start + lane, end = slice.Start + ((nint)slice.Steps * Width);
        for (; at < end; at += Width)
        {
            a = AddLanes<TLanes, TElement>(a, at, x);
            b = AddLanes<TLanes, TElement>(b, at + 1, x);
            c = AddLanes<TLanes, TElement>(c, at + 2, x);
            d = AddLanes<TLanes, TElement>(d, at + 3, x);
        }

        TLanes.Store(a, sums);
        TLanes.Store(b, sums + Lanes);
        TLanes.Store(c, sums + (2 * Lanes));
        TLanes.Store(d, sums + (3 * Lanes));
    }

    /// <summary>The sums of two tiles in the chains of the sums of one; the second tile's stand <see cref="Width"/> tiles further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FourSums<TLanes, TElement>(in SparseSlice slice, int lane, float* x, float* second, float* sums)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        TLanes a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, d = TLanes.Zero;
        TLanes e = TLanes.Zero, f = TLanes.Zero, g = TLanes.Zero, h = TLanes.Zero;
        nint at = slice.Start + lane, end = slice.Start + ((nint)slice.Steps * Width);
        for (; at < end; at += Width)
        {
            AddLanes<TLanes, TElement>(ref a, ref e, at, x, second);
            AddLanes<TLanes, TElement>(ref b, ref f, at + 1, x, second);
            AddLanes<TLanes, TElement>(ref c, ref g, at + 2, x, second);
            AddLanes<TLanes, TElement>(ref d, ref h, at + 3, x, second);
        }

        TLanes.Store(a, sums);
        TLanes.Store(b, sums + Lanes);
        TLanes.Store(c, sums + (2 * Lanes));
        TLanes.Store(d, sums + (3 * Lanes));
        TLanes.Store(e, sums + (Width * Lanes));
        TLanes.Store(f, sums + ((Width + 1) * Lanes));
        TLanes.Store(g, sums + ((Width + 2) * Lanes));
        TLanes.Store(h, sums + ((Width + 3) * Lanes));
    }

    /// <summary>What a lane's steps and its further elements make together, scaled.</summary>
    private void Finish<TLanes, TElement>(in SparseSlice slice, int lane, float* x, float* steps, float* target)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        var sum = TLanes.Load(steps + (lane * Lanes));
        if (slice.Tails >= 0)
        {
            sum = TLanes.Add(sum, Tail<TLanes, TElement>(x, _elements.Tails[slice.Tails + lane], _elements.Tails[slice.Tails + lane + 1]));
        }

        TLanes.Store(TLanes.Multiply(sum, TLanes.Broadcast(scale)), target);
    }

    private TLanes Tail<TLanes, TElement>(float* x, nint at, nint end)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
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
        return TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddLanes<TLanes, TElement>(ref TLanes sum, ref TLanes secondSum, nint at, float* x, float* second)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement
    {
        var value = TLanes.Broadcast(TElement.Value(_values, at));
        var column = TElement.Column(_columns, at) * Lanes;
        sum = TLanes.MultiplyAdd(value, TLanes.Load(x + column), sum);
        secondSum = TLanes.MultiplyAdd(value, TLanes.Load(second + column), secondSum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Add<TLanes, TElement>(float sum, nint at, float* x)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement => TLanes.MultiplyAdd(TElement.Value(_values, at), x[TElement.Column(_columns, at)], sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TLanes AddLanes<TLanes, TElement>(TLanes sum, nint at, float* x)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : ISparseElement =>
        TLanes.MultiplyAdd(TLanes.Broadcast(TElement.Value(_values, at)), TLanes.Load(x + (TElement.Column(_columns, at) * Lanes)), sum);
}
