namespace AdapterServe.Kernels.Simd;

/// <summary>How the KV cache stores a row of a head.</summary>
internal unsafe interface IKvElement : IElement
{
    static abstract int Bytes { get; }

    /// <summary>Whether a stored row can be read as f32 in place.</summary>
    static abstract bool IsF32 { get; }

    static abstract void Read(void* cache, nint offset, int count, float* destination);

    static abstract void Write(float* source, int count, void* cache, nint offset);
}
