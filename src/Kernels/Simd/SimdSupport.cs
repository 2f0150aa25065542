using System.Runtime.Intrinsics.X86;

namespace AdapterServe.Kernels.Simd;

/// <summary>Which path the kernels take. Constant for a process; the compiler folds it away.</summary>
public static class SimdSupport
{
    public static SimdPath Path =>
        Avx512F.IsSupported ? SimdPath.Avx512
        : Avx2.IsSupported && Fma.IsSupported ? SimdPath.Avx2
        : System.Runtime.Intrinsics.Vector128.IsHardwareAccelerated ? SimdPath.Vector128
        : SimdPath.Scalar;
}
