using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AdapterServe.Kernels.Simd;

/// <summary>Hints that change no result, for rows that stand kilobytes apart. On contiguous weights they cost more than they gain (1.3 times streaming
/// instead of 1.1): the hardware follows those.</summary>
internal static unsafe class Prefetch
{
    public const int LineBytes = 64;

    /// <summary>Any address is allowed, mapped or not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(address);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Four(byte* address, nint step)
    {
        Line(address);
        Line(address + step);
        Line(address + (2 * step));
        Line(address + (3 * step));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Some<TAsk>(ref byte* address)
        where TAsk : IAsk
    {
        if (TAsk.LinesPerStep == 0)
        {
            return;
        }

        Line(address);
        Line(address + LineBytes);
        if (TAsk.LinesPerStep == 4)
        {
            Line(address + (2 * LineBytes));
            Line(address + (3 * LineBytes));
        }

        address += TAsk.LinesPerStep * LineBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Lines(void* address, int bytes)
    {
        for (var at = 0; at < bytes; at += LineBytes)
        {
            Line((byte*)address + at);
        }
    }
}
