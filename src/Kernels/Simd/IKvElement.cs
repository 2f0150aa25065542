using System.Runtime.CompilerServices;

namespace AdapterServe.Kernels.Simd;

/// <summary>How the KV cache stores a row of a head. Offsets count elements, not bytes.</summary>
internal unsafe interface IKvElement : IElement
{
    static abstract int Bytes { get; }

    /// <summary>Whether a stored row can be read as f32 in place.</summary>
    static abstract bool IsF32 { get; }

    /// <summary>Whether what <see cref="IElement.Load"/> gives is still to be multiplied with the row's <see cref="Scale"/>.</summary>
    static abstract bool HasScale { get; }

    /// <summary>From one row to the next.</summary>
    static abstract int RowElements(int headSize);

    static abstract float Scale(void* cache, nint offset, int headSize);

    static abstract float Load(void* cache, nint offset);

    static abstract void Write(float* source, int count, void* cache, nint offset);
}

internal static unsafe class KvElements
{
    /// <summary>A stored row as f32, without its scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read<TLanes, TKv>(void* cache, nint offset, int count, float* destination)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        var i = 0;
        for (; i + 16 <= count; i += 16)
        {
            TLanes.Store(TKv.Load<TLanes>(cache, offset + i), destination + i);
        }

        for (; i < count; i++)
        {
            destination[i] = TKv.Load(cache, offset + i);
        }
    }
}
