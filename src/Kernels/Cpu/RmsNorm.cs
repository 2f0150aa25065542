using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for every segment s and row t in it, y[t] = w_s * x[t] / sqrt(mean(x[t]^2) + epsilon_s), whatever y held, or y[t] += scale_s times that where the weights
/// are added. Rows in no segment are not touched.
/// <b>Shapes</b>: x, y [T, W], w_s [W]. <b>Units, dtype, layout</b>: f32 row-major, any alignment; sums in f32, in lanes and one fixed tree.
/// A row's result has the same bits whatever its neighbours, its place and the number of threads.
/// <b>Effects</b>: writes y, must not overlap x; no allocation; the caller keeps the weights' arenas alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> when a segment's weights have another width or its rows run backwards.
/// <b>Source</b>: ours; the norm is that of arXiv:1910.07467.
/// </summary>
public static unsafe class RmsNorm
{
    public static long WorkspaceBytes(int segments) => (long)segments * sizeof(RmsNormWork);

    public static void Apply(float* x, float* y, int width, ReadOnlySpan<RmsNormSegment> segments, void* workspace, IParallel parallel)
    {
        var call = new RmsNormCall(x, y, width, (RmsNormWork*)workspace);
        call.Plan(segments);
        SimdDispatch.Run(ref call, parallel);
    }
}
