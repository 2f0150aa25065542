using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Weights;

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

    public static bool HasScale => false;

    public static int RowElements(int headSize) => headSize;

    public static float Scale(void* cache, nint offset, int headSize) => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(void* source, nint offset)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Load((float*)source + offset);

    public static float Load(void* cache, nint offset) => ((float*)cache)[offset];

    public static void Write(float* source, int count, void* cache, nint offset) =>
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>((float*)cache + offset, count));
}

internal readonly unsafe struct BF16Element : IKvElement
{
    public static int Bytes => sizeof(ushort);

    public static bool IsF32 => false;

    public static bool HasScale => false;

    public static int RowElements(int headSize) => headSize;

    public static float Scale(void* cache, nint offset, int headSize) => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint BytesOf(nint elements) => elements * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(void* source, nint offset)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.LoadBF16((ushort*)source + offset);

    public static float Load(void* cache, nint offset) => BF16.ToSingle(((ushort*)cache)[offset]);

    public static void Write(float* source, int count, void* cache, nint offset) =>
        BF16.FromSingle(new ReadOnlySpan<float>(source, count), new Span<ushort>((ushort*)cache + offset, count));
}

/// <summary>One bit an element, lowest first: -1 or 1.</summary>
internal readonly unsafe struct SignElement : IElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint BytesOf(nint elements) => elements >> 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(void* source, nint offset)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.SignsFromBits(*(ushort*)((byte*)source + (offset >> 3)));
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
