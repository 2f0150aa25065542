using System.Runtime.CompilerServices;

namespace AdapterServe.Kernels.Simd;

/// <summary>How sixteen stored elements become f32 lanes. Offsets count elements, not bytes.</summary>
internal unsafe interface IElement
{
    static abstract int Bytes { get; }

    static abstract TLanes Load<TLanes>(void* source, nint offset)
        where TLanes : unmanaged, ILanes<TLanes>;
}

internal readonly unsafe struct F32Element : IElement
{
    public static int Bytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(void* source, nint offset)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Load((float*)source + offset);
}

internal readonly unsafe struct BF16Element : IElement
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(void* source, nint offset)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.LoadBF16((ushort*)source + offset);
}
