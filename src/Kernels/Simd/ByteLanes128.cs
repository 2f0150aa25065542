using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AdapterServe.Kernels.Simd;

/// <summary>Four 128-bit registers by the portable vector API.</summary>
internal readonly unsafe struct ByteLanes128(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c, Vector128<byte> d)
    : IByteLanes<ByteLanes128, Lanes128>
{
    private readonly Vector128<byte> _a = a;
    private readonly Vector128<byte> _b = b;
    private readonly Vector128<byte> _c = c;
    private readonly Vector128<byte> _d = d;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 Broadcast(int bits)
    {
        var all = Vector128.Create(bits).AsByte();
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 Load(byte* source) =>
        new(Vector128.Load(source), Vector128.Load(source + 16), Vector128.Load(source + 32), Vector128.Load(source + 48));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ByteLanes128 value, byte* destination)
    {
        value._a.Store(destination);
        value._b.Store(destination + 16);
        value._c.Store(destination + 32);
        value._d.Store(destination + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 LowNibbles(ByteLanes128 bytes)
    {
        var mask = Vector128.Create((byte)15);
        return new(bytes._a & mask, bytes._b & mask, bytes._c & mask, bytes._d & mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 HighNibbles(ByteLanes128 bytes) => new(bytes._a >>> 4, bytes._b >>> 4, bytes._c >>> 4, bytes._d >>> 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 MultiplyPairs(ByteLanes128 unsigned, ByteLanes128 signed) => new(
        MultiplyPairs(unsigned._a, signed._a),
        MultiplyPairs(unsigned._b, signed._b),
        MultiplyPairs(unsigned._c, signed._c),
        MultiplyPairs(unsigned._d, signed._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 AddShorts(ByteLanes128 a, ByteLanes128 b) => new(
        (a._a.AsInt16() + b._a.AsInt16()).AsByte(),
        (a._b.AsInt16() + b._b.AsInt16()).AsByte(),
        (a._c.AsInt16() + b._c.AsInt16()).AsByte(),
        (a._d.AsInt16() + b._d.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 SumShorts(ByteLanes128 shorts) => new(
        Vector128.ConvertToSingle(SumPairs(shorts._a.AsInt16())),
        Vector128.ConvertToSingle(SumPairs(shorts._b.AsInt16())),
        Vector128.ConvertToSingle(SumPairs(shorts._c.AsInt16())),
        Vector128.ConvertToSingle(SumPairs(shorts._d.AsInt16())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadSingles(sbyte* source)
    {
        var (low, high) = Vector128.Widen(Vector128.Load(source));
        var (a, b) = Vector128.Widen(low);
        var (c, d) = Vector128.Widen(high);
        return new(Vector128.ConvertToSingle(a), Vector128.ConvertToSingle(b), Vector128.ConvertToSingle(c), Vector128.ConvertToSingle(d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowBytes(Lanes128 value, sbyte* destination) => Vector128.Narrow(
        Vector128.Narrow(value.A.AsInt32(), value.B.AsInt32()), Vector128.Narrow(value.C.AsInt32(), value.D.AsInt32())).Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> MultiplyPairs(Vector128<byte> unsigned, Vector128<byte> signed)
    {
        var (low, high) = Vector128.Widen(unsigned);
        var (signedLow, signedHigh) = Vector128.Widen(signed.AsSByte());
        return Vector128.Narrow(SumPairs(low.AsInt16() * signedLow), SumPairs(high.AsInt16() * signedHigh)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> SumPairs(Vector128<short> shorts) => ((shorts.AsInt32() << 16) >> 16) + (shorts.AsInt32() >> 16);
}
