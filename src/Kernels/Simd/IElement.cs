using System.Runtime.CompilerServices;

namespace AdapterServe.Kernels.Simd;

/// <summary>How sixteen stored elements become f32 lanes. Offsets count elements, not bytes.</summary>
internal unsafe interface IElement
{
    /// <summary>The bytes that so many elements take, a multiple of sixteen.</summary>
    static abstract nint BytesOf(nint elements);

    static abstract TLanes Load<TLanes>(void* source, nint offset)
        where TLanes : unmanaged, ILanes<TLanes>;
}

internal readonly unsafe struct F32Element : IKvElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint BytesOf(nint elements) => elements * sizeof(float);

    public static int Bytes => sizeof(float);

    public static bool IsF32 => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(void* source, nint offset)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Load((float*)source + offset);

    public static void Read(void* cache, nint offset, int count, float* destination) =>
        new ReadOnlySpan<float>((float*)cache + offset, count).CopyTo(new Span<float>(destination, count));

    public static void Write(float* source, int count, void* cache, nint offset) =>
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>((float*)cache + offset, count));
}

internal readonly unsafe struct BF16Element : IElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint BytesOf(nint elements) => elements * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(void* source, nint offset)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.LoadBF16((ushort*)source + offset);
}

/// <summary>One bit an element, lowest first: 0 or 1.</summary>
internal readonly unsafe struct BitElement : IElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint BytesOf(nint elements) => elements >> 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(void* source, nint offset)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.FromBits(*(ushort*)((byte*)source + (offset >> 3)));
}
