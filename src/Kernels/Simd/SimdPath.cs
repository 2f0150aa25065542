namespace AdapterServe.Kernels.Simd;

/// <summary>The instruction sets that the kernels are compiled for.</summary>
public enum SimdPath
{
    /// <summary>Plain loops.</summary>
    Scalar,

    /// <summary>The portable 128-bit vectors.</summary>
    Vector128,

    /// <summary>AVX2 with FMA.</summary>
    Avx2,

    /// <summary>AVX-512.</summary>
    Avx512,
}
