using System.Runtime.CompilerServices;

namespace AdapterServe.Kernels.Simd;

/// <summary>Sixty-four bytes and plain loops.</summary>
internal unsafe struct ByteLanesScalar : IByteLanes<ByteLanesScalar, LanesScalar>
{
    private const int Lanes = 16;
    private const int Bytes = 64;
    private const int Shorts = 32;
    private fixed byte _bytes[Bytes];

    public static ByteLanesScalar Broadcast(int bits)
    {
        Unsafe.SkipInit(out ByteLanesScalar result);
        for (var i = 0; i < Lanes; i++)
        {
            ((int*)result._bytes)[i] = bits;
        }

        return result;
    }

    public static ByteLanesScalar Load(byte* source) => *(ByteLanesScalar*)source;

    public static void Store(ByteLanesScalar value, byte* destination) => *(ByteLanesScalar*)destination = value;

    public static ByteLanesScalar LowNibbles(ByteLanesScalar bytes)
    {
        for (var i = 0; i < Bytes; i++)
        {
            bytes._bytes[i] &= 15;
        }

        return bytes;
    }

    public static ByteLanesScalar HighNibbles(ByteLanesScalar bytes)
    {
        for (var i = 0; i < Bytes; i++)
        {
            bytes._bytes[i] >>= 4;
        }

        return bytes;
    }

    public static ByteLanesScalar MultiplyPairs(ByteLanesScalar unsigned, ByteLanesScalar signed)
    {
        Unsafe.SkipInit(out ByteLanesScalar result);
        var bytes = (sbyte*)signed._bytes;
        for (var i = 0; i < Shorts; i++)
        {
            ((short*)result._bytes)[i] = (short)((unsigned._bytes[2 * i] * bytes[2 * i]) + (unsigned._bytes[(2 * i) + 1] * bytes[(2 * i) + 1]));
        }

        return result;
    }

    public static ByteLanesScalar AddShorts(ByteLanesScalar a, ByteLanesScalar b)
    {
        for (var i = 0; i < Shorts; i++)
        {
            ((short*)a._bytes)[i] += ((short*)b._bytes)[i];
        }

        return a;
    }

    public static LanesScalar SumShorts(ByteLanesScalar shorts)
    {
        var result = stackalloc float[Lanes];
        for (var i = 0; i < Lanes; i++)
        {
            result[i] = ((short*)shorts._bytes)[2 * i] + ((short*)shorts._bytes)[(2 * i) + 1];
        }

        return LanesScalar.Load(result);
    }

    public static LanesScalar LoadSingles(sbyte* source)
    {
        var result = stackalloc float[Lanes];
        for (var i = 0; i < Lanes; i++)
        {
            result[i] = source[i];
        }

        return LanesScalar.Load(result);
    }

    public static void StoreLowBytes(LanesScalar value, sbyte* destination)
    {
        var bits = (int*)&value;
        for (var i = 0; i < Lanes; i++)
        {
            destination[i] = (sbyte)bits[i];
        }
    }
}
