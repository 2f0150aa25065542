using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for every segment s and row t in it, y[t] = g_s * y[t], element by element: <see cref="Weights.FormKind.InputScale"/> on a site's input,
/// <see cref="Weights.FormKind.OutputScale"/> on its output. Rows in no segment are not touched.
/// <b>Shapes</b>: y [T, W], g_s [W]. <b>Units, dtype, layout</b>: f32 row-major, any alignment; one rounding for each element, the same on every path.
/// <b>Effects</b>: y in place; no allocation; the caller keeps the weights' arenas alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> when a segment's weights have another width or its rows run backwards.
/// <b>Source</b>: ours.
/// </summary>
public static unsafe class ChannelScale
{
    public static long WorkspaceBytes(int segments) => (long)segments * sizeof(VectorWork);

    public static void Apply(float* y, int width, ReadOnlySpan<VectorSegment> segments, void* workspace, IParallel parallel)
    {
        var call = new VectorCall<Product>(y, width, (VectorWork*)workspace);
        call.Plan(nameof(ChannelScale), segments);
        SimdDispatch.Run(ref call, parallel);
    }

    private readonly struct Product : IVectorOperation
    {
        public static TLanes Apply<TLanes>(TLanes y, TLanes v)
            where TLanes : unmanaged, ILanes<TLanes> => TLanes.Multiply(y, v);

        public static float Apply(float y, float v) => y * v;
    }
}
