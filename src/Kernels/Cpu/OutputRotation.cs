using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for every segment s and row t in it, y[t, i] = own[i] y[t, i] + other[i] y[t, i + g / 2] for i in the first half of a group of g outputs, and
/// y[t, i] = own[i] y[t, i] + other[i] y[t, i - g / 2] in the second half. Rows in no segment are not touched.
/// <b>Shapes</b>: y [T, O]. <b>Units, dtype, layout</b>: f32 row-major, any alignment; the product with own is rounded, then the other is multiplied and added.
/// A row's result has the same bits whatever its neighbours, its place and the number of threads.
/// <b>Effects</b>: y in place; no allocation; the caller keeps the weights' arenas alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> when a segment's weights have another width or its rows run backwards.
/// <b>Source</b>: ours; what is computed is that of RoAd (arXiv:2409.00119).
/// </summary>
public static unsafe class OutputRotation
{
    public static long WorkspaceBytes(int segments) => (long)segments * sizeof(OutputRotationWork);

    public static void Apply(float* y, int width, ReadOnlySpan<OutputRotationSegment> segments, void* workspace, IParallel parallel)
    {
        var call = new OutputRotationCall(y, width, (OutputRotationWork*)workspace);
        call.Plan(segments);
        SimdDispatch.Run(ref call, parallel);
    }
}
