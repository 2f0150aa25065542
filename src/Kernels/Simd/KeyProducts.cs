using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AdapterServe.Kernels.Simd;

/// <summary>
/// Products of up to eight query rows with sixteen keys that stand in rows: y[row, i] = sum over k of q[row, k] * keys[i, k].
/// <b>Semantics</b>: the chains of <see cref="Cpu.Panel"/> over transposed keys, hence its bits; but the keys are turned in registers, so that a key that few
/// rows read makes no way through memory. Missing rows of a tile repeat the last one.
/// <b>Effects</b>: asks for 16 lines from <see cref="Ask"/> for every sixteen k. Needs AVX-512; Depth a multiple of sixteen.
/// </summary>
internal unsafe struct KeyProducts
{
    public const int MostRows = 8;

    public float* Keys;
    public nint KeyStride;
    public int Depth;
    public float* Queries;
    public int Rows;
    public float* Y;
    public nint YStride;

    /// <summary>Memory that the caller reads later, as many bytes as the keys have; null for none.</summary>
    public byte* Ask;

    public readonly void Run()
    {
        var products = this;
        if (Ask == null)
        {
            products.Ask = (byte*)Queries;
        }

        nint step = Ask == null ? 0 : Prefetch.LineBytes;
        if (Rows == 1)
        {
            One(products, step);
        }
        else if (Rows <= 4)
        {
            Four(products, step);
        }
        else
        {
            Eight(products, step);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(in KeyProducts p, nint step)
    {
        var keys = p.Keys;
        var stride = p.KeyStride;
        var q = p.Queries;
        var ask = p.Ask;
        var a = Vector512<float>.Zero;
        for (var end = q + p.Depth; q < end; q += 16, keys += 16, ask += 16 * step)
        {
            var (r0, r4, r8, r12) = Transposition.Squares(keys, stride);
            Prefetch.Four(ask, step);
            var (r1, r5, r9, r13) = Transposition.Squares(keys + (4 * stride), stride);
            Prefetch.Four(ask + (4 * step), step);
            var (r2, r6, r10, r14) = Transposition.Squares(keys + (8 * stride), stride);
            Prefetch.Four(ask + (8 * step), step);
            var (r3, r7, r11, r15) = Transposition.Squares(keys + (12 * stride), stride);
            Prefetch.Four(ask + (12 * step), step);
            var (c0, c4, c8, c12) = Transposition.Columns(r0, r1, r2, r3);
            var (c1, c5, c9, c13) = Transposition.Columns(r4, r5, r6, r7);
            var (c2, c6, c10, c14) = Transposition.Columns(r8, r9, r10, r11);
            var (c3, c7, c11, c15) = Transposition.Columns(r12, r13, r14, r15);
            a = Times(q, a, c0, c1, c2, c3);
            a = Times(q + 4, a, c4, c5, c6, c7);
            a = Times(q + 8, a, c8, c9, c10, c11);
            a = Times(q + 12, a, c12, c13, c14, c15);
        }

        a.Store(p.Y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(in KeyProducts p, nint step)
    {
        var keys = p.Keys;
        var stride = p.KeyStride;
        var ask = p.Ask;
        float* q0 = p.Queries, q1 = p.Row(1), q2 = p.Row(2), q3 = p.Row(3);
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        for (nint k = 0; k < p.Depth; k += 16, ask += 16 * step)
        {
            var (r0, r4, r8, r12) = Transposition.Squares(keys + k, stride);
            Prefetch.Four(ask, step);
            var (r1, r5, r9, r13) = Transposition.Squares(keys + k + (4 * stride), stride);
            Prefetch.Four(ask + (4 * step), step);
            var (r2, r6, r10, r14) = Transposition.Squares(keys + k + (8 * stride), stride);
            Prefetch.Four(ask + (8 * step), step);
            var (r3, r7, r11, r15) = Transposition.Squares(keys + k + (12 * stride), stride);
            Prefetch.Four(ask + (12 * step), step);
            var (c0, c4, c8, c12) = Transposition.Columns(r0, r1, r2, r3);
            var (c1, c5, c9, c13) = Transposition.Columns(r4, r5, r6, r7);
            var (c2, c6, c10, c14) = Transposition.Columns(r8, r9, r10, r11);
            var (c3, c7, c11, c15) = Transposition.Columns(r12, r13, r14, r15);
            a0 = Times(q0 + k, a0, c0, c1, c2, c3);
            a1 = Times(q1 + k, a1, c0, c1, c2, c3);
            a2 = Times(q2 + k, a2, c0, c1, c2, c3);
            a3 = Times(q3 + k, a3, c0, c1, c2, c3);

            a0 = Times(q0 + k + 4, a0, c4, c5, c6, c7);
            a1 = Times(q1 + k + 4, a1, c4, c5, c6, c7);
            a2 = Times(q2 + k + 4, a2, c4, c5, c6, c7);
            a3 = Times(q3 + k + 4, a3, c4, c5, c6, c7);

            a0 = Times(q0 + k + 8, a0, c8, c9, c10, c11);
            a1 = Times(q1 + k + 8, a1, c8, c9, c10, c11);
            a2 = Times(q2 + k + 8, a2, c8, c9, c10, c11);
            a3 = Times(q3 + k + 8, a3, c8, c9, c10, c11);

            a0 = Times(q0 + k + 12, a0, c12, c13, c14, c15);
            a1 = Times(q1 + k + 12, a1, c12, c13, c14, c15);
            a2 = Times(q2 + k + 12, a2, c12, c13, c14, c15);
            a3 = Times(q3 + k + 12, a3, c12, c13, c14, c15);
        }

        a0.Store(p.Y);
        a1.Store(p.Output(1));
        a2.Store(p.Output(2));
        a3.Store(p.Output(3));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(in KeyProducts p, nint step)
    {
        var keys = p.Keys;
        var stride = p.KeyStride;
        var ask = p.Ask;
        float* q0 = p.Queries, q1 = p.Row(1), q2 = p.Row(2), q3 = p.Row(3), q4 = p.Row(4), q5 = p.Row(5), q6 = p.Row(6), q7 = p.Row(7);
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        var eighth = p.Rows == 8;
        for (nint k = 0; k < p.Depth; k += 16, ask += 16 * step)
        {
            var (r0, r4, r8, r12) = Transposition.Squares(keys + k, stride);
            Prefetch.Four(ask, step);
            var (r1, r5, r9, r13) = Transposition.Squares(keys + k + (4 * stride), stride);
            Prefetch.Four(ask + (4 * step), step);
            var (r2, r6, r10, r14) = Transposition.Squares(keys + k + (8 * stride), stride);
            Prefetch.Four(ask + (8 * step), step);
            var (r3, r7, r11, r15) = Transposition.Squares(keys + k + (12 * stride), stride);
            Prefetch.Four(ask + (12 * step), step);
            var (c0, c4, c8, c12) = Transposition.Columns(r0, r1, r2, r3);
            var (c1, c5, c9, c13) = Transposition.Columns(r4, r5, r6, r7);
            var (c2, c6, c10, c14) = Transposition.Columns(r8, r9, r10, r11);
            var (c3, c7, c11, c15) = Transposition.Columns(r12, r13, r14, r15);
            a0 = Times(q0 + k, a0, c0, c1, c2, c3);
            a1 = Times(q1 + k, a1, c0, c1, c2, c3);
            a2 = Times(q2 + k, a2, c0, c1, c2, c3);
            a3 = Times(q3 + k, a3, c0, c1, c2, c3);
            a4 = Times(q4 + k, a4, c0, c1, c2, c3);
            a5 = Times(q5 + k, a5, c0, c1, c2, c3);
            a6 = Times(q6 + k, a6, c0, c1, c2, c3);
            a7 = eighth ? Times(q7 + k, a7, c0, c1, c2, c3) : a7;

            a0 = Times(q0 + k + 4, a0, c4, c5, c6, c7);
            a1 = Times(q1 + k + 4, a1, c4, c5, c6, c7);
            a2 = Times(q2 + k + 4, a2, c4, c5, c6, c7);
            a3 = Times(q3 + k + 4, a3, c4, c5, c6, c7);
            a4 = Times(q4 + k + 4, a4, c4, c5, c6, c7);
            a5 = Times(q5 + k + 4, a5, c4, c5, c6, c7);
            a6 = Times(q6 + k + 4, a6, c4, c5, c6, c7);
            a7 = eighth ? Times(q7 + k + 4, a7, c4, c5, c6, c7) : a7;

            a0 = Times(q0 + k + 8, a0, c8, c9, c10, c11);
            a1 = Times(q1 + k + 8, a1, c8, c9, c10, c11);
            a2 = Times(q2 + k + 8, a2, c8, c9, c10, c11);
            a3 = Times(q3 + k + 8, a3, c8, c9, c10, c11);
            a4 = Times(q4 + k + 8, a4, c8, c9, c10, c11);
            a5 = Times(q5 + k + 8, a5, c8, c9, c10, c11);
            a6 = Times(q6 + k + 8, a6, c8, c9, c10, c11);
            a7 = eighth ? Times(q7 + k + 8, a7, c8, c9, c10, c11) : a7;

            a0 = Times(q0 + k + 12, a0, c12, c13, c14, c15);
            a1 = Times(q1 + k + 12, a1, c12, c13, c14, c15);
            a2 = Times(q2 + k + 12, a2, c12, c13, c14, c15);
            a3 = Times(q3 + k + 12, a3, c12, c13, c14, c15);
            a4 = Times(q4 + k + 12, a4, c12, c13, c14, c15);
            a5 = Times(q5 + k + 12, a5, c12, c13, c14, c15);
            a6 = Times(q6 + k + 12, a6, c12, c13, c14, c15);
            a7 = eighth ? Times(q7 + k + 12, a7, c12, c13, c14, c15) : a7;
        }

        a0.Store(p.Y);
        a1.Store(p.Output(1));
        a2.Store(p.Output(2));
        a3.Store(p.Output(3));
        a4.Store(p.Output(4));
        a5.Store(p.Output(5));
        a6.Store(p.Output(6));
        if (eighth)
        {
            a7.Store(p.Output(7));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float* Row(int row) => Queries + ((nint)Math.Min(row, Rows - 1) * Depth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float* Output(int row) => Y + (Math.Min(row, Rows - 1) * YStride);

    /// <summary>
    /// Four steps of a row's chains; c holds k after k for sixteen keys. Callers go from row to row after so few, because the steps of one chain
    /// wait for one another.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Times(
        float* q, Vector512<float> a, Vector512<float> c0, Vector512<float> c1, Vector512<float> c2, Vector512<float> c3)
    {
        a = Avx512F.FusedMultiplyAdd(c0, Vector512.Create(q[0]), a);
        a = Avx512F.FusedMultiplyAdd(c1, Vector512.Create(q[1]), a);
        a = Avx512F.FusedMultiplyAdd(c2, Vector512.Create(q[2]), a);
        return Avx512F.FusedMultiplyAdd(c3, Vector512.Create(q[3]), a);
    }
}
