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

    /// <summary>By 4 x 4 squares in each of the four 128-bit parts of a register, four rows of squares at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Wide(float* source, nint stride, float* destination)
    {
        for (var j = 0; j < Side; j += 4)
        {
            var r0 = Gather(source + j, stride);
            var r1 = Gather(source + stride + j, stride);
            var r2 = Gather(source + (2 * stride) + j, stride);
            var r3 = Gather(source + (3 * stride) + j, stride);
            var t0 = Avx512F.UnpackLow(r0, r1);
            var t1 = Avx512F.UnpackHigh(r0, r1);
            var t2 = Avx512F.UnpackLow(r2, r3);
            var t3 = Avx512F.UnpackHigh(r2, r3);
            Avx512F.Shuffle(t0, t2, 0x44).Store(destination + (j * Side));
            Avx512F.Shuffle(t0, t2, 0xEE).Store(destination + ((j + 1) * Side));
            Avx512F.Shuffle(t1, t3, 0x44).Store(destination + ((j + 2) * Side));
            Avx512F.Shuffle(t1, t3, 0xEE).Store(destination + ((j + 3) * Side));
        }
    }

    /// <summary>Four floats each from rows 0, 4, 8 and 12 after <paramref name="source"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Gather(float* source, nint stride)
    {
        var low = Vector256.Create(Vector128.Load(source), Vector128.Load(source + (4 * stride)));
        var high = Vector256.Create(Vector128.Load(source + (8 * stride)), Vector128.Load(source + (12 * stride)));
        return Vector512.Create(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarter(float* source, nint stride, float* destination)
    {
        var r0 = Vector128.Load(source);
        var r1 = Vector128.Load(source + stride);
        var r2 = Vector128.Load(source + (2 * stride));
        var r3 = Vector128.Load(source + (3 * stride));
        var t0 = Interleave(r0, r2, low: true);
        var t1 = Interleave(r0, r2, low: false);
        var t2 = Interleave(r1, r3, low: true);
        var t3 = Interleave(r1, r3, low: false);
        Interleave(t0, t2, low: true).Store(destination);
        Interleave(t0, t2, low: false).Store(destination + Side);
        Interleave(t1, t3, low: true).Store(destination + (2 * Side));
        Interleave(t1, t3, low: false).Store(destination + (3 * Side));
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
