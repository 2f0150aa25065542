using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// A function of one number, on lanes. Not a number goes in, not a number comes out: <c>Max(0, x)</c> gives its second argument then.
/// </summary>
internal interface IFunction
{
    static abstract TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>;
}

internal readonly struct ReluFunction : IFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Max(TLanes.Zero, x);
}

internal readonly struct ReluSquaredFunction : IFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var positive = TLanes.Max(TLanes.Zero, x);
        return TLanes.Multiply(positive, positive);
    }
}

internal readonly struct Relu6Function : IFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Min(TLanes.Broadcast(6), TLanes.Max(TLanes.Zero, x));
}

internal readonly struct LeakyReluFunction : IFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Max(TLanes.Multiply(x, TLanes.Broadcast(0.01f)), x);
}

internal readonly struct EluFunction : IFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.Add(TLanes.Max(TLanes.Zero, x), TLanes.Subtract(VectorMath.Exp(TLanes.Min(TLanes.Zero, x)), TLanes.Broadcast(1)));
}

internal readonly struct GeluFunction : IFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        // x (1 + erf(x / sqrt 2)) / 2 = max(x, 0) - |x| erfc(|x| / sqrt 2) / 2, with no case for the sign.
        var magnitude = TLanes.Max(TLanes.Subtract(TLanes.Zero, x), x);
        var erfc = VectorMath.Erfc(TLanes.Multiply(magnitude, TLanes.Broadcast(0.70710678f)));
        return TLanes.Subtract(TLanes.Max(TLanes.Zero, x), TLanes.Multiply(TLanes.Multiply(magnitude, TLanes.Broadcast(0.5f)), erfc));
    }
}

internal readonly struct GeluTanhFunction : IFunction
{
    // (1 + tanh u) / 2 = sigmoid(2 u).
    private const float TwiceRootOfTwoOverPi = 1.5957691216f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var cubic = TLanes.MultiplyAdd(TLanes.Multiply(TLanes.Multiply(x, x), x), TLanes.Broadcast(0.044715f), x);
        return VectorMath.TimesSigmoid(x, TLanes.Multiply(cubic, TLanes.Broadcast(TwiceRootOfTwoOverPi)));
    }
}

internal readonly struct QuickGeluFunction : IFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes> => VectorMath.TimesSigmoid(x, TLanes.Multiply(x, TLanes.Broadcast(1.702f)));
}

internal readonly struct SiluFunction : IFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes> => VectorMath.TimesSigmoid(x, x);
}

internal readonly struct SigmoidFunction : IFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes> => VectorMath.TimesSigmoid(TLanes.Broadcast(1), x);
}

internal readonly struct TanhFunction : IFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes> => VectorMath.Tanh(x);
}

internal readonly struct MishFunction : IFunction
{
    // tanh(log(1 + e)) = n / (n + 2) with n = e (e + 2); above 20 it is 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var exp = VectorMath.Exp(TLanes.Min(TLanes.Broadcast(20), x));
        var n = TLanes.Multiply(exp, TLanes.Add(exp, TLanes.Broadcast(2)));
        return TLanes.Multiply(x, TLanes.Divide(n, TLanes.Add(n, TLanes.Broadcast(2))));
    }
}
