using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for every segment s and row t in it, y[t] += scale_s * S_s x[t]. Rows in no segment are not touched.
/// <b>Shapes</b>: x [T, H], y [T, O], S_s [O, H]; segments may come in any order, leave gaps, and not overlap.
/// <b>Units, dtype, layout</b>: x, y f32 row-major, any alignment; values f32 or bf16; sums in f32, an output's elements in one chain, or the last
/// of them in four interleaved ones. In an
/// output whose x is infinite the sum may be NaN where it would be infinite.
/// A row's result has the same bits whatever its neighbours, its place, the number of threads and the split.
/// <b>Effects</b>: y in place, must not overlap x; no allocation; the caller keeps the weights' arenas alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> when a segment's weights have another H or O or its rows run backwards.
/// <b>Source</b>: ours: a row alone takes the elements of eight outputs at a time; two and more are turned so that four, eight or sixteen of
/// them lie in the lanes, which needs no gather.
/// </summary>
public static unsafe class Sparse
{
    /// <summary>Bytes of workspace that suffice for so many rows in so many segments.</summary>
    public static long WorkspaceBytes(int rows, int segments, int inFeatures) =>
        ((long)segments * sizeof(SparseWork)) + 64 + ((long)SparseCall.MostTiledRows(rows, segments) * inFeatures * sizeof(float));

    public static void Add(
        float* x, int inFeatures, float* y, int outFeatures, ReadOnlySpan<SparseSegment> segments, void* workspace, IParallel parallel)
    {
        var call = new SparseCall(x, inFeatures, y, outFeatures, (SparseWork*)workspace);
        call.Plan(segments);
        SimdDispatch.Run(ref call, parallel);
    }
}
