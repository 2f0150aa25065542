using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AdapterServe.Kernels.Cpu;

/// <summary>How values and columns of stored elements are read.</summary>
internal unsafe interface ISparseElement
{
    static abstract float Value(void* values, nint at);

    static abstract nint Column(void* columns, nint at);

    /// <summary>One in every lane.</summary>
    static abstract Vector128<float> Four(void* values, nint at);

    /// <summary>One in every lane.</summary>
    static abstract Vector256<float> Eight(void* values, nint at);

    /// <summary>Four in a row.</summary>
    static abstract Vector128<float> Values(void* values, nint at);

    /// <summary>x at the columns of four in a row.</summary>
    static abstract Vector128<float> Inputs(float* x, void* columns, nint at);
}

/// <summary>What two of the four combinations share each.</summary>
internal static unsafe class SparseReads
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Halves(void* values, nint at)
    {
        var four = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>((ushort*)values + at)).AsUInt16();
        return (Vector128.WidenLower(four) << 16).AsSingle();
    }

    /// <summary>A half in both halves of a lane needs no move between registers of different kinds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> FourOf(ushort half) => (Vector128.Create(half).AsUInt32() & Vector128.Create(0xFFFF0000u)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> EightOf(ushort half) => (Vector256.Create(half).AsUInt32() & Vector256.Create(0xFFFF0000u)).AsSingle();

    /// <summary>One load of columns: with four the loads would be the limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Narrow(float* x, void* columns, nint at)
    {
        var four = Unsafe.ReadUnaligned<ulong>((ushort*)columns + at);
        return Vector128.Create(x[(nuint)(ushort)four], x[(nuint)(ushort)(four >> 16)], x[(nuint)(ushort)(four >> 32)], x[(nuint)(four >> 48)]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Wide(float* x, void* columns, nint at)
    {
        var four = (int*)columns + at;
        return Vector128.Create(x[four[0]], x[four[1]], x[four[2]], x[four[3]]);
    }
}

internal readonly unsafe struct F32Narrow : ISparseElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Four(void* values, nint at) => Vector128.Create(((float*)values)[at]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Eight(void* values, nint at) => Vector256.Create(((float*)values)[at]);

    public static float Value(void* values, nint at) => ((float*)values)[at];

    public static nint Column(void* columns, nint at) => ((ushort*)columns)[at];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Values(void* values, nint at) => Vector128.Load((float*)values + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Inputs(float* x, void* columns, nint at) => SparseReads.Narrow(x, columns, at);
}

internal readonly unsafe struct F32Wide : ISparseElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Four(void* values, nint at) => Vector128.Create(((float*)values)[at]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Eight(void* values, nint at) => Vector256.Create(((float*)values)[at]);

    public static float Value(void* values, nint at) => ((float*)values)[at];

    public static nint Column(void* columns, nint at) => ((int*)columns)[at];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Values(void* values, nint at) => Vector128.Load((float*)values + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Inputs(float* x, void* columns, nint at) => SparseReads.Wide(x, columns, at);
}

internal readonly unsafe struct BF16Narrow : ISparseElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Four(void* values, nint at) => SparseReads.FourOf(((ushort*)values)[at]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Eight(void* values, nint at) => SparseReads.EightOf(((ushort*)values)[at]);

    public static float Value(void* values, nint at) => Weights.BF16.ToSingle(((ushort*)values)[at]);

    public static nint Column(void* columns, nint at) => ((ushort*)columns)[at];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Values(void* values, nint at) => SparseReads.Halves(values, at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Inputs(float* x, void* columns, nint at) => SparseReads.Narrow(x, columns, at);
}

internal readonly unsafe struct BF16Wide : ISparseElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Four(void* values, nint at) => SparseReads.FourOf(((ushort*)values)[at]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Eight(void* values, nint at) => SparseReads.EightOf(((ushort*)values)[at]);

    public static float Value(void* values, nint at) => Weights.BF16.ToSingle(((ushort*)values)[at]);

    public static nint Column(void* columns, nint at) => ((int*)columns)[at];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Values(void* values, nint at) => SparseReads.Halves(values, at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Inputs(float* x, void* columns, nint at) => SparseReads.Wide(x, columns, at);
}
