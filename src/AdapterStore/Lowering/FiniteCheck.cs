using System.Numerics;
using System.Runtime.InteropServices;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>Looks for NaN and infinity by their exponent bits.</summary>
internal static class FiniteCheck
{
    public static bool IsFinite(ReadOnlySpan<float> values) => HasNoFullExponent(MemoryMarshal.Cast<float, uint>(values), 0x7F800000u);

    /// <summary>bf16 elements.</summary>
    public static bool IsFinite(ReadOnlySpan<ushort> values) => HasNoFullExponent(values, (ushort)0x7F80);

    private static bool HasNoFullExponent<T>(ReadOnlySpan<T> bits, T exponent)
        where T : unmanaged, INumber<T>, IBitwiseOperators<T, T, T>
    {
        var mask = new Vector<T>(exponent);
        var i = 0;
        for (; i <= bits.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            if (Vector.EqualsAny(new Vector<T>(bits[i..]) & mask, mask))
            {
                return false;
            }
        }

        for (; i < bits.Length; i++)
        {
            if ((bits[i] & exponent) == exponent)
            {
                return false;
            }
        }

        return true;
    }
}
