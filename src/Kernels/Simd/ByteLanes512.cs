using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AdapterServe.Kernels.Simd;

/// <summary>One AVX-512 register.</summary>
internal readonly unsafe struct ByteLanes512(Vector512<byte> value) : IByteLanes<ByteLanes512, Lanes512>
{
    private readonly Vector512<byte> _value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 Broadcast(int bits) => new(Vector512.Create(bits).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 Load(byte* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ByteLanes512 value, byte* destination) => value._value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 LowNibbles(ByteLanes512 bytes) => new(bytes._value & Vector512.Create((byte)15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 HighNibbles(ByteLanes512 bytes) => new((bytes._value.AsUInt16() >>> 4).AsByte() & Vector512.Create((byte)15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 MultiplyPairs(ByteLanes512 unsigned, ByteLanes512 signed) =>
        new(Avx512BW.MultiplyAddAdjacent(unsigned._value, signed._value.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 AddShorts(ByteLanes512 a, ByteLanes512 b) => new((a._value.AsInt16() + b._value.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 SumShorts(ByteLanes512 shorts) =>
        new(Vector512.ConvertToSingle(Avx512BW.MultiplyAddAdjacent(shorts._value.AsInt16(), Vector512<short>.One)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadSingles(sbyte* source) => new(Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(source))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowBytes(Lanes512 value, sbyte* destination) => Avx512F.ConvertToVector128SByte(value.Value.AsInt32()).Store(destination);
}
