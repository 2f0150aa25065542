using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for every segment s and row t in it, y[t] = W_s x[t] (<see cref="DenseMode.Replace"/>) or y[t] = keep_s y[t] + W_s (scale_s x[t])
/// (<see cref="DenseMode.Add"/>, keep_s and scale_s 1 where no mixture set them). Rows in no segment are not touched.
/// <b>Shapes</b>: x [T, H], y [T, O], W_s [O, H].
/// <b>Units, dtype, layout</b>: x, y f32 row-major, any alignment; weights f32 or bf16; sums in f32, in the order of H.
/// A row's result has the same bits whatever its neighbours, its place, the number of threads and the split.
/// <b>Effects</b>: y in place, must not overlap x; no allocation; the caller keeps the weights' arenas alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> when a segment's weights have another H or O or its rows run backwards.
/// <b>Source</b>: ours.
/// </summary>
public static unsafe class Dense
{
    /// <summary>Bytes of workspace that suffice for so many segments, those with a scale other than 1 having <paramref name="scaledRows"/> rows together.</summary>
    public static long WorkspaceBytes(int segments, int scaledRows = 0, int inFeatures = 0) =>
        ((long)segments * sizeof(DenseWork)) + ((long)scaledRows * inFeatures * sizeof(float));

    public static void Apply(
        float* x, int inFeatures, float* y, int outFeatures, ReadOnlySpan<DenseSegment> segments, void* workspace, IParallel parallel)
    {
        var call = new DenseCall(x, inFeatures, y, outFeatures, (DenseWork*)workspace);
        call.Plan(segments);
        SimdDispatch.Run(ref call, parallel);
    }
}
