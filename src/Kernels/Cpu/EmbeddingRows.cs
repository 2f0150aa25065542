using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for every segment s and row t in it with token id i, by the kind of its weights: y[t] = R_s[i] where i has a row, or y[t] += scale_s B_s A_s[:, i],
/// or y[t] += scale_s S_s[i]. Rows in no segment are not touched.
/// <b>Shapes</b>: ids [T] below V, y [T, H], R_s [n, H], A_s [R, V], B_s [H, R], S_s [V, H]; segments may come in any order, leave gaps, and not overlap.
/// <b>Units, dtype, layout</b>: y f32 row-major, any alignment; weights f32 or bf16; sums in f32, one chain for each element,
/// which goes on from y in the order of ranks or stored elements.
/// A row's result has the same bits whatever its neighbours, its place, the number of threads and the split.
/// <b>Effects</b>: y in place; no allocation; the caller keeps the weights' arenas alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> when a segment's weights have another H or its rows run backwards.
/// <b>Source</b>: ours: an embedding's input is one-hot, so a product with it is the reading of one row.
/// </summary>
public static unsafe class EmbeddingRows
{
    public static long WorkspaceBytes(int segments) => (long)segments * sizeof(EmbeddingWork);

    public static void Apply(long* ids, float* y, int width, ReadOnlySpan<EmbeddingSegment> segments, void* workspace, IParallel parallel)
    {
        var call = new EmbeddingRowsCall(ids, y, width, (EmbeddingWork*)workspace);
        call.Plan(segments);
        SimdDispatch.Run(ref call, parallel);
    }
}
