using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for every segment s and row t in it, x[t] = R_s x[t], factor by factor, see <see cref="RotationFactor"/>. Rows in no segment are not touched.
/// <b>Shapes</b>: x [T, H]; segments may come in any order, leave gaps, and not overlap.
/// <b>Units, dtype, layout</b>: f32 row-major, any alignment; sums in f32, in the order of a block's inputs.
/// A row's result has the same bits whatever its neighbours, its place, the number of threads and the split.
/// <b>Effects</b>: x in place; no allocation; the caller keeps the weights' arenas alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> when a segment's weights have another H or its rows run backwards.
/// <b>Source</b>: ours; what is computed is that of OFT (arXiv:2306.07280) and BOFT (arXiv:2311.06243).
/// </summary>
public static unsafe class InputRotation
{
    /// <summary>Bytes of workspace that suffice for so many rows in so many segments, none with a larger block.</summary>
    public static long WorkspaceBytes(int rows, int segments, int largestBlock, int threads) =>
        ((long)segments * sizeof(InputRotationWork)) + 64
        + ((threads > 1 ? (long)threads * WorkSplit.TasksPerThread : 1) * InputRotationCall.ScratchFloats(rows, largestBlock) * sizeof(float));

    public static void Apply(float* x, int width, ReadOnlySpan<InputRotationSegment> segments, void* workspace, IParallel parallel)
    {
        var call = new InputRotationCall(x, width, (InputRotationWork*)workspace, segments);
        for (var factor = 0; call.Plan(segments, factor); factor++)
        {
            SimdDispatch.Run(ref call, parallel);
        }
    }
}
