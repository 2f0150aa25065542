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
}
