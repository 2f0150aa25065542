using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AdapterServe.Kernels.Simd;

/// <summary>16 x 16 transposition: destination[16 j + i] = source[i stride + j].</summary>
internal static unsafe class Transposition
{
    private const int Side = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow(float* source, nint stride, float* destination)
    {
        for (var i = 0; i < Side; i += 4)
        {
            for (var j = 0; j < Side; j += 4)
            {
                Quarter(source + (i * stride) + j, stride, destination + (j * Side) + i);
            }
        }
    }

    /// <summary>
    /// Every source row is loaded once, whole: rows that stand 4 KiB apart share one set of the first cache, which cannot hold sixteen of them
    /// for a second look.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Wide(float* source, nint stride, float* destination)
    {
        var (a0, b0, c0, d0) = Squares(source, stride);
        var (a1, b1, c1, d1) = Squares(source + (4 * stride), stride);
        var (a2, b2, c2, d2) = Squares(source + (8 * stride), stride);
        var (a3, b3, c3, d3) = Squares(source + (12 * stride), stride);
        Store(Columns(a0, a1, a2, a3), destination);
        Store(Columns(b0, b1, b2, b3), destination + Side);
        Store(Columns(c0, c1, c2, c3), destination + (2 * Side));
        Store(Columns(d0, d1, d2, d3), destination + (3 * Side));
    }

    /// <summary>Transposes the four 4 x 4 squares of four rows: result c holds column c of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> A, Vector512<float> B, Vector512<float> C, Vector512<float> D) Squares(float* source, nint stride)
    {
        var r0 = Vector512.Load(source);
        var r1 = Vector512.Load(source + stride);
        var r2 = Vector512.Load(source + (2 * stride));
        var r3 = Vector512.Load(source + (3 * stride));
        var t0 = Avx512F.UnpackLow(r0, r1);
        var t1 = Avx512F.UnpackHigh(r0, r1);
        var t2 = Avx512F.UnpackLow(r2, r3);
        var t3 = Avx512F.UnpackHigh(r2, r3);
        return (Avx512F.Shuffle(t0, t2, 0x44), Avx512F.Shuffle(t0, t2, 0xEE), Avx512F.Shuffle(t1, t3, 0x44), Avx512F.Shuffle(t1, t3, 0xEE));
    }

    /// <summary>Transposes a 4 x 4 square of 128-bit parts: results of <see cref="Squares"/> to the columns 0, 4, 8 and 12 after the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> A, Vector512<float> B, Vector512<float> C, Vector512<float> D) Columns(
        Vector512<float> g0, Vector512<float> g1, Vector512<float> g2, Vector512<float> g3)
    {
        var low01 = Avx512F.Shuffle4x128(g0, g1, 0x44);
        var low23 = Avx512F.Shuffle4x128(g2, g3, 0x44);
        var high01 = Avx512F.Shuffle4x128(g0, g1, 0xEE);
        var high23 = Avx512F.Shuffle4x128(g2, g3, 0xEE);
        return (
            Avx512F.Shuffle4x128(low01, low23, 0x88), Avx512F.Shuffle4x128(low01, low23, 0xDD),
            Avx512F.Shuffle4x128(high01, high23, 0x88), Avx512F.Shuffle4x128(high01, high23, 0xDD));
    }

    /// <summary>Result c holds element c of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<float> A, Vector128<float> B, Vector128<float> C, Vector128<float> D) Square(
        Vector128<float> r0, Vector128<float> r1, Vector128<float> r2, Vector128<float> r3)
    {
        var t0 = Interleave(r0, r2, low: true);
        var t1 = Interleave(r0, r2, low: false);
        var t2 = Interleave(r1, r3, low: true);
        var t3 = Interleave(r1, r3, low: false);
        return (Interleave(t0, t2, low: true), Interleave(t0, t2, low: false), Interleave(t1, t3, low: true), Interleave(t1, t3, low: false));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store((Vector512<float> A, Vector512<float> B, Vector512<float> C, Vector512<float> D) columns, float* destination)
    {
        columns.A.Store(destination);
        columns.B.Store(destination + (4 * Side));
        columns.C.Store(destination + (8 * Side));
        columns.D.Store(destination + (12 * Side));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarter(float* source, nint stride, float* destination)
    {
        var (a, b, c, d) = Square(
            Vector128.Load(source), Vector128.Load(source + stride), Vector128.Load(source + (2 * stride)), Vector128.Load(source + (3 * stride)));
        a.Store(destination);
        b.Store(destination + Side);
        c.Store(destination + (2 * Side));
        d.Store(destination + (3 * Side));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Interleave(Vector128<float> a, Vector128<float> b, bool low)
    {
        if (Sse.IsSupported)
        {
            return low ? Sse.UnpackLow(a, b) : Sse.UnpackHigh(a, b);
        }

        return low
            ? Vector128.Create(a.GetElement(0), b.GetElement(0), a.GetElement(1), b.GetElement(1))
            : Vector128.Create(a.GetElement(2), b.GetElement(2), a.GetElement(3), b.GetElement(3));
    }
}
