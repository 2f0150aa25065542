using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Tests.Simd;

/// <summary>The suite runs again with instruction sets switched off by environment variables; these prove that the switch took effect.</summary>
public sealed class SimdPathTests
{
    [Fact]
    public void A_switch_in_the_environment_lowers_the_path()
    {
        if (IsOff("DOTNET_EnableAVX512"))
        {
            Assert.False(Avx512F.IsSupported);
            Assert.False(Vector512.IsHardwareAccelerated);
            Assert.True(SimdSupport.Path < SimdPath.Avx512);
        }

        if (IsOff("DOTNET_EnableAVX2"))
        {
            Assert.False(Avx2.IsSupported);
            Assert.True(SimdSupport.Path < SimdPath.Avx2);
        }

        if (IsOff("DOTNET_EnableHWIntrinsic"))
        {
            Assert.Equal(SimdPath.Scalar, SimdSupport.Path);
        }
    }

    [Fact]
    public void The_widest_supported_path_is_taken()
    {
        Assert.Equal(Avx512F.IsSupported, SimdSupport.Path == SimdPath.Avx512);
        Assert.Equal(Avx2.IsSupported && Fma.IsSupported, SimdSupport.Path >= SimdPath.Avx2);
        Assert.Equal(Vector128.IsHardwareAccelerated, SimdSupport.Path >= SimdPath.Vector128);
    }

    private static bool IsOff(string variable) => Environment.GetEnvironmentVariable(variable) == "0";
}
