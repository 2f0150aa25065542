using System.Runtime.CompilerServices;

namespace AdapterServe.Kernels.Simd;

/// <summary>
/// Elementary functions on lanes.
/// <b>Source</b>: ours; exp by Cody-Waite reduction to |r| &lt;= ln2 / 2 and the Taylor series to r^7, whose remainder is below 2^-27 there.
/// </summary>
internal static class VectorMath
{
    private const float Log2E = 1.44269504088896341f;

    // Eleven leading bits of ln 2 and the rest: n * Ln2High is exact for |n| <= 2^13.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    // Adding it leaves the rounded integer in the low mantissa bits.
    private const float RoundingShift = 12582912f;

    private const float Smallest = -87.33f;
    private const float Greatest = 88.37f;

    /// <summary>e^x within 2 units in the last place for x in [-87.33, 88.37]; x is clamped to that range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Exp<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        x = TLanes.Min(TLanes.Max(x, TLanes.Broadcast(Smallest)), TLanes.Broadcast(Greatest));
        var shifted = TLanes.MultiplyAdd(x, TLanes.Broadcast(Log2E), TLanes.Broadcast(RoundingShift));
        var n = TLanes.Subtract(shifted, TLanes.Broadcast(RoundingShift));
        var r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2High), x);
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2Low), r);
        var p = TLanes.Broadcast(1f / 5040);
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1f / 720));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1f / 120));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1f / 24));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1f / 6));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(0.5f));
        p = TLanes.MultiplyAdd(TLanes.Multiply(p, r), r, r);
        return TLanes.Multiply(TLanes.Add(p, TLanes.Broadcast(1)), TLanes.PowerOfTwo(shifted));
    }

    /// <summary>tanh x within 2e-7 absolute, as 1 - 2 / (e^2x + 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Tanh<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var one = TLanes.Broadcast(1);
        var exp = Exp(TLanes.Add(x, x));
        return TLanes.Subtract(one, TLanes.Divide(TLanes.Broadcast(2), TLanes.Add(exp, one)));
    }

    /// <summary>factor / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes TimesSigmoid<TLanes>(TLanes factor, TLanes x)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.Divide(factor, TLanes.Add(Exp(TLanes.Subtract(TLanes.Zero, x)), TLanes.Broadcast(1)));

    /// <summary>erfc x for x &gt;= 0 within 4e-7 absolute. <b>Source</b>: Abramowitz and Stegun 7.1.26, itself within 1.5e-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Erfc<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var one = TLanes.Broadcast(1);
        var t = TLanes.Divide(one, TLanes.MultiplyAdd(x, TLanes.Broadcast(0.3275911f), one));
        var p = TLanes.Broadcast(1.061405429f);
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(-1.453152027f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(1.421413741f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(-0.284496736f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(0.254829592f));
        return TLanes.Multiply(TLanes.Multiply(p, t), Exp(TLanes.Subtract(TLanes.Zero, TLanes.Multiply(x, x))));
    }
}
