using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AdapterServe.Kernels.Simd;

/// <summary>The lower part of the reduction trees: eight lanes to four, to two, to one.</summary>
internal static class Tree
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> value) => Sum(value.GetLower() + value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> value)
    {
        var pair = value + Vector128.Shuffle(value, Vector128.Create(2, 3, 2, 3));
        return pair.GetElement(0) + pair.GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector256<float> value) => Largest(Sse.Max(value.GetLower(), value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector128<float> value)
    {
        if (Sse.IsSupported)
        {
            var pair = Sse.Max(value, Vector128.Shuffle(value, Vector128.Create(2, 3, 2, 3)));
            return Sse.MaxScalar(pair, Vector128.Shuffle(pair, Vector128.Create(1, 1, 1, 1))).ToScalar();
        }

        var first = value.GetElement(0) > value.GetElement(2) ? value.GetElement(0) : value.GetElement(2);
        var second = value.GetElement(1) > value.GetElement(3) ? value.GetElement(1) : value.GetElement(3);
        return first > second ? first : second;
    }
}
