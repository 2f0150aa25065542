using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AdapterServe.Kernels.Cpu;

/// <summary>A number for each of a few rows of x that lie side by side.</summary>
internal unsafe interface IFewRows<TSelf>
    where TSelf : unmanaged, IFewRows<TSelf>
{
    static abstract int Rows { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Load(float* source);

    static abstract void Store(TSelf value, float* target);

    static abstract TSelf Add(TSelf a, TSelf b);

    /// <summary>sum + element * x, rounded as <see cref="Vector128.MultiplyAddEstimate(Vector128{float}, Vector128{float}, Vector128{float})"/> does.</summary>
    static abstract TSelf MultiplyAdd<TElement>(void* values, nint at, float* x, TSelf sum)
        where TElement : ISparseElement;
}

internal readonly unsafe struct FourRows(Vector128<float> value) : IFewRows<FourRows>
{
    private readonly Vector128<float> _value = value;

    public static int Rows => 4;

    public static FourRows Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourRows Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(FourRows value, float* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourRows Add(FourRows a, FourRows b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourRows MultiplyAdd<TElement>(void* values, nint at, float* x, FourRows sum)
        where TElement : ISparseElement => new(Vector128.MultiplyAddEstimate(TElement.Four(values, at), Vector128.Load(x), sum._value));
}

internal readonly unsafe struct EightRows(Vector256<float> value) : IFewRows<EightRows>
{
    private readonly Vector256<float> _value = value;

    public static int Rows => 8;

    public static EightRows Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightRows Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(EightRows value, float* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightRows Add(EightRows a, EightRows b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightRows MultiplyAdd<TElement>(void* values, nint at, float* x, EightRows sum)
        where TElement : ISparseElement => new(Vector256.MultiplyAddEstimate(TElement.Eight(values, at), Vector256.Load(x), sum._value));
}
