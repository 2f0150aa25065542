using AdapterServe.Kernels.Parallelism;

namespace AdapterServe.Kernels.Simd;

/// <summary>The one place that knows which lanes a <see cref="SimdPath"/> means.</summary>
internal static class SimdDispatch
{
    public static void Run<TCall>(ref TCall call, IParallel parallel)
        where TCall : struct, ISimdCall
    {
        switch (SimdSupport.Path)
        {
            case SimdPath.Avx512:
                call.Run<Lanes512>(parallel);
                break;
            case SimdPath.Avx2:
                call.Run<Lanes256>(parallel);
                break;
            case SimdPath.Vector128:
                call.Run<Lanes128>(parallel);
                break;
            default:
                call.Run<LanesScalar>(parallel);
                break;
        }
    }

    /// <summary>The same for what computes on bytes too.</summary>
    public static void RunBytes<TCall>(ref TCall call, IParallel parallel)
        where TCall : struct, IByteSimdCall
    {
        switch (SimdSupport.Path)
        {
            case SimdPath.Avx512:
                call.Run<Lanes512, ByteLanes512>(parallel);
                break;
            case SimdPath.Avx2:
                call.Run<Lanes256, ByteLanes256>(parallel);
                break;
            case SimdPath.Vector128:
                call.Run<Lanes128, ByteLanes128>(parallel);
                break;
            default:
                call.Run<LanesScalar, ByteLanesScalar>(parallel);
                break;
        }
    }
}
