using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// The inner loop of <see cref="Sparse"/> for two to eight rows, with the bits of <see cref="SparseElements"/>: as narrow as they are, their x stays
/// in the first cache, where that of sixteen rows would not.
/// </summary>
internal readonly unsafe struct FewRowsOfSparse(in SlicedRows elements, int outFeatures, float scale)
{
    private const int Window = SlicedRows.Window;
    private const int Width = SlicedRows.Width;
    private const int Square = 4;

    private readonly SlicedRows _elements = elements;
    private readonly void* _values = elements.Values;
    private readonly void* _columns = elements.Columns;

    /// <summary>[rows, H] to [H, lanes]; the lanes behind the last row repeat it.</summary>
    public static void Turn(float* x, int inFeatures, int rows, int lanes, float* target)
    {
        for (var first = 0; first < lanes; first += Square)
        {
            var a = x + ((nint)Math.Min(first, rows - 1) * inFeatures);
            var b = x + ((nint)Math.Min(first + 1, rows - 1) * inFeatures);
            var c = x + ((nint)Math.Min(first + 2, rows - 1) * inFeatures);
            var d = x + ((nint)Math.Min(first + 3, rows - 1) * inFeatures);
            Turn(a, b, c, d, inFeatures, target + first, lanes);
        }
    }

    /// <summary>
    /// y[row, o] += scale * S[o] x[row] for the outputs of the windows [from, to). <b>Shapes</b>: x [H, <see cref="IFewRows{T}.Rows"/>],
    /// y [rows, O].
    /// </summary>
    public void Add<TRows, TElement>(float* x, float* y, int rows, int from, int to)
        where TRows : unmanaged, IFewRows<TRows>
        where TElement : ISparseElement
    {
        // One place more, for lanes of a slice that are no output.
        var sums = stackalloc float[(Window + 1) * TRows.Rows];
        for (var window = from; window < to; window++)
        {
            new Span<float>(sums, Window * TRows.Rows).Clear();
            for (var index = _elements.WindowSlices[window]; index < _elements.WindowSlices[window + 1]; index++)
            {
                ref readonly var slice = ref _elements.Slices[index];
                AddSteps<TRows, TElement>(slice, x, sums);
                if (slice.Tails >= 0)
                {
                    AddTails<TRows, TElement>(slice, x, sums);
                }
            }

            AddTo(y + (window * Window), sums, rows, TRows.Rows, Math.Min(Window, outFeatures - (window * Window)));
        }
    }

    private static void Turn(float* a, float* b, float* c, float* d, int count, float* target, int lanes)
    {
        var i = 0;
        for (; i <= count - Square; i += Square)
        {
            var square = Transposition.Square(Vector128.Load(a + i), Vector128.Load(b + i), Vector128.Load(c + i), Vector128.Load(d + i));
            var at = target + ((nint)i * lanes);
            square.A.Store(at);
            square.B.Store(at + lanes);
            square.C.Store(at + (2 * lanes));
            square.D.Store(at + (3 * lanes));
        }

        for (; i < count; i++)
        {
            Vector128.Create(a[i], b[i], c[i], d[i]).Store(target + ((nint)i * lanes));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddSteps<TRows, TElement>(in SparseSlice slice, float* x, float* sums)
        where TRows : unmanaged, IFewRows<TRows>
        where TElement : ISparseElement
    {
        TRows a = TRows.Zero, b = TRows.Zero, c = TRows.Zero, d = TRows.Zero;
        TRows e = TRows.Zero, f = TRows.Zero, g = TRows.Zero, h = TRows.Zero;
        void* values = _values, columns = _columns;
        nint at = slice.Start, end = at + ((nint)slice.Steps * Width);
        for (; at < end; at += Width)
        {
            a = TRows.MultiplyAdd<TElement>(values, at, x + (TElement.Column(columns, at) * TRows.Rows), a);
            b = TRows.MultiplyAdd<TElement>(values, at + 1, x + (TElement.Column(columns, at + 1) * TRows.Rows), b);
            c = TRows.MultiplyAdd<TElement>(values, at + 2, x + (TElement.Column(columns, at + 2) * TRows.Rows), c);
            d = TRows.MultiplyAdd<TElement>(values, at + 3, x + (TElement.Column(columns, at + 3) * TRows.Rows), d);
            e = TRows.MultiplyAdd<TElement>(values, at + 4, x + (TElement.Column(columns, at + 4) * TRows.Rows), e);
            f = TRows.MultiplyAdd<TElement>(values, at + 5, x + (TElement.Column(columns, at + 5) * TRows.Rows), f);
            g = TRows.MultiplyAdd<TElement>(values, at + 6, x + (TElement.Column(columns, at + 6) * TRows.Rows), g);
            h = TRows.MultiplyAdd<TElement>(values, at + 7, x + (TElement.Column(columns, at + 7) * TRows.Rows), h);
        }

        TRows.Store(a, sums + (slice.OutputOf(0) * TRows.Rows));
        TRows.Store(b, sums + (slice.OutputOf(1) * TRows.Rows));
        TRows.Store(c, sums + (slice.OutputOf(2) * TRows.Rows));
        TRows.Store(d, sums + (slice.OutputOf(3) * TRows.Rows));
        TRows.Store(e, sums + (slice.OutputOf(4) * TRows.Rows));
        TRows.Store(f, sums + (slice.OutputOf(5) * TRows.Rows));
        TRows.Store(g, sums + (slice.OutputOf(6) * TRows.Rows));
        TRows.Store(h, sums + (slice.OutputOf(7) * TRows.Rows));
    }

    private void AddTails<TRows, TElement>(in SparseSlice slice, float* x, float* sums)
        where TRows : unmanaged, IFewRows<TRows>
        where TElement : ISparseElement
    {
        void* values = _values, columns = _columns;
        for (var lane = 0; lane < slice.Lanes; lane++)
        {
            TRows a = TRows.Zero, b = TRows.Zero, c = TRows.Zero, d = TRows.Zero;
            nint at = _elements.Tails[slice.Tails + lane], end = _elements.Tails[slice.Tails + lane + 1];
            for (; at <= end - 4; at += 4)
            {
                a = TRows.MultiplyAdd<TElement>(values, at, x + (TElement.Column(columns, at) * TRows.Rows), a);
                b = TRows.MultiplyAdd<TElement>(values, at + 1, x + (TElement.Column(columns, at + 1) * TRows.Rows), b);
                c = TRows.MultiplyAdd<TElement>(values, at + 2, x + (TElement.Column(columns, at + 2) * TRows.Rows), c);
                d = TRows.MultiplyAdd<TElement>(values, at + 3, x + (TElement.Column(columns, at + 3) * TRows.Rows), d);
            }

            a = at < end ? TRows.MultiplyAdd<TElement>(values, at, x + (TElement.Column(columns, at) * TRows.Rows), a) : a;
            b = at + 1 < end ? TRows.MultiplyAdd<TElement>(values, at + 1, x + (TElement.Column(columns, at + 1) * TRows.Rows), b) : b;
            c = at + 2 < end ? TRows.MultiplyAdd<TElement>(values, at + 2, x + (TElement.Column(columns, at + 2) * TRows.Rows), c) : c;
            var target = sums + (slice.OutputOf(lane) * TRows.Rows);
            TRows.Store(TRows.Add(TRows.Load(target), TRows.Add(TRows.Add(a, b), TRows.Add(c, d))), target);
        }
    }

    /// <summary>y[row, o] += scale * sums[o, row].</summary>
    private void AddTo(float* y, float* sums, int rows, int lanes, int count)
    {
        for (var first = 0; first < rows; first += Square)
        {
            var own = sums + first;
            var target = y + ((nint)first * outFeatures);
            var here = Math.Min(Square, rows - first);
            var o = 0;
            for (; o <= count - Square; o += Square)
            {
                var at = own + (o * lanes);
                var square = Transposition.Square(
                    Vector128.Load(at), Vector128.Load(at + lanes), Vector128.Load(at + (2 * lanes)), Vector128.Load(at + (3 * lanes)));
                AddFour(square.A, target + o);
                if (here > 1)
                {
                    AddFour(square.B, target + outFeatures + o);
                }

                if (here > 2)
                {
                    AddFour(square.C, target + (2 * (nint)outFeatures) + o);
                }

                if (here > 3)
                {
                    AddFour(square.D, target + (3 * (nint)outFeatures) + o);
                }
            }

            for (; o < count; o++)
            {
                for (var row = 0; row < here; row++)
                {
                    target[((nint)row * outFeatures) + o] += scale * own[(o * lanes) + row];
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddFour(Vector128<float> sums, float* y) => (Vector128.Load(y) + (sums * scale)).Store(y);
}
