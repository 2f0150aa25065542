using System.Runtime.CompilerServices;

namespace AdapterServe.Kernels.Simd;

/// <summary>Sixteen floats and plain loops: runs where the runtime offers no vector hardware at all.</summary>
internal unsafe struct LanesScalar : ILanes<LanesScalar>
{
    private const int Count = 16;
    private fixed float _lanes[Count];

    public static bool HoldsSixteenAccumulators => false;

    public static LanesScalar Zero => default;

    public static LanesScalar Broadcast(float value)
    {
        Unsafe.SkipInit(out LanesScalar result);
        for (var i = 0; i < Count; i++)
        {
            result._lanes[i] = value;
        }

        return result;
    }

    public static LanesScalar Load(float* source) => *(LanesScalar*)source;

    public static LanesScalar LoadBF16(ushort* source)
    {
        Unsafe.SkipInit(out LanesScalar result);
        for (var i = 0; i < Count; i++)
        {
            result._lanes[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
        }

        return result;
    }

    public static LanesScalar LoadInt8(sbyte* source)
    {
        Unsafe.SkipInit(out LanesScalar result);
        for (var i = 0; i < Count; i++)
        {
            result._lanes[i] = source[i];
        }

        return result;
    }

    public static LanesScalar FromBits(ushort bits)
    {
        Unsafe.SkipInit(out LanesScalar result);
        for (var i = 0; i < Count; i++)
        {
            result._lanes[i] = (bits >> i) & 1;
        }

        return result;
    }

    public static void Store(LanesScalar value, float* destination) => *(LanesScalar*)destination = value;

    public static LanesScalar Add(LanesScalar a, LanesScalar b)
    {
        for (var i = 0; i < Count; i++)
        {
            a._lanes[i] += b._lanes[i];
        }

        return a;
    }

    public static LanesScalar Subtract(LanesScalar a, LanesScalar b)
    {
        for (var i = 0; i < Count; i++)
        {
            a._lanes[i] -= b._lanes[i];
        }

        return a;
    }

    public static LanesScalar Multiply(LanesScalar a, LanesScalar b)
    {
        for (var i = 0; i < Count; i++)
        {
            a._lanes[i] *= b._lanes[i];
        }

        return a;
    }

    public static LanesScalar Divide(LanesScalar a, LanesScalar b)
    {
        for (var i = 0; i < Count; i++)
        {
            a._lanes[i] /= b._lanes[i];
        }

        return a;
    }

    public static LanesScalar MultiplyAdd(LanesScalar a, LanesScalar b, LanesScalar c)
    {
        for (var i = 0; i < Count; i++)
        {
            c._lanes[i] += a._lanes[i] * b._lanes[i];
        }

        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float a, float b, float c) => (a * b) + c;

    public static LanesScalar Max(LanesScalar a, LanesScalar b)
    {
        for (var i = 0; i < Count; i++)
        {
            b._lanes[i] = a._lanes[i] > b._lanes[i] ? a._lanes[i] : b._lanes[i];
        }

        return b;
    }

    public static LanesScalar Min(LanesScalar a, LanesScalar b)
    {
        for (var i = 0; i < Count; i++)
        {
            b._lanes[i] = a._lanes[i] < b._lanes[i] ? a._lanes[i] : b._lanes[i];
        }

        return b;
    }

    public static LanesScalar PowerOfTwo(LanesScalar shifted)
    {
        for (var i = 0; i < Count; i++)
        {
            shifted._lanes[i] = BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(shifted._lanes[i]) << 23) + 0x3F800000);
        }

        return shifted;
    }

    public static float Sum(LanesScalar value)
    {
        for (var half = Count / 2; half > 0; half /= 2)
        {
            for (var i = 0; i < half; i++)
            {
                value._lanes[i] += value._lanes[i + half];
            }
        }

        return value._lanes[0];
    }

    public static float Largest(LanesScalar value)
    {
        var largest = value._lanes[0];
        for (var i = 1; i < Count; i++)
        {
            largest = value._lanes[i] > largest ? value._lanes[i] : largest;
        }

        return largest;
    }

    public static void Transpose(float* source, nint stride, float* destination)
    {
        for (var i = 0; i < Count; i++)
        {
            for (var j = 0; j < Count; j++)
            {
                destination[(j * Count) + i] = source[(i * stride) + j];
            }
        }
    }
}
