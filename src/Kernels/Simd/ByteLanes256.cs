using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AdapterServe.Kernels.Simd;

/// <summary>Two AVX2 registers.</summary>
internal readonly unsafe struct ByteLanes256(Vector256<byte> low, Vector256<byte> high) : IByteLanes<ByteLanes256, Lanes256>
{
    private readonly Vector256<byte> _low = low;
    private readonly Vector256<byte> _high = high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 Broadcast(int bits)
    {
        var all = Vector256.Create(bits).AsByte();
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 Load(byte* source) => new(Vector256.Load(source), Vector256.Load(source + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ByteLanes256 value, byte* destination)
    {
        value._low.Store(destination);
        value._high.Store(destination + 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 LowNibbles(ByteLanes256 bytes)
    {
        var mask = Vector256.Create((byte)15);
        return new(bytes._low & mask, bytes._high & mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 HighNibbles(ByteLanes256 bytes)
    {
        var mask = Vector256.Create((byte)15);
        return new((bytes._low.AsUInt16() >>> 4).AsByte() & mask, (bytes._high.AsUInt16() >>> 4).AsByte() & mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 MultiplyPairs(ByteLanes256 unsigned, ByteLanes256 signed) => new(
        Avx2.MultiplyAddAdjacent(unsigned._low, signed._low.AsSByte()).AsByte(),
        Avx2.MultiplyAddAdjacent(unsigned._high, signed._high.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 AddShorts(ByteLanes256 a, ByteLanes256 b) =>
        new((a._low.AsInt16() + b._low.AsInt16()).AsByte(), (a._high.AsInt16() + b._high.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 SumShorts(ByteLanes256 shorts) => new(
        Vector256.ConvertToSingle(Avx2.MultiplyAddAdjacent(shorts._low.AsInt16(), Vector256<short>.One)),
        Vector256.ConvertToSingle(Avx2.MultiplyAddAdjacent(shorts._high.AsInt16(), Vector256<short>.One)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadSingles(sbyte* source) =>
        new(Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source)), Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source + 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowBytes(Lanes256 value, sbyte* destination)
    {
        var shorts = Vector256.Narrow(value.Low.AsInt32(), value.High.AsInt32());
        Vector128.Narrow(shorts.GetLower(), shorts.GetUpper()).Store(destination);
    }
}
