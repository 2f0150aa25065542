using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for every segment s and row t in it, y[t] += B_s (scale_s * (A_s x[t])), with a gate y[t] += B_s (scale_s * w * (A_s x[t])), see <see cref="RankGate"/>. Rows in no segment are not touched, not even read.
/// <b>Shapes</b>: x [T, H], y [T, O], A_s [R_s, H], B_s [O, R_s]; segments may come in any order, leave gaps, and not overlap.
/// <b>Units, dtype, layout</b>: x, y f32 row-major, any alignment; weights as <see cref="LowRankWeights"/> holds them; sums in f32.
/// A row's result has the same bits whatever its neighbours, its place, the number of threads and the split.
/// <b>Effects</b>: y in place; x is y itself (<see cref="FormKind.OutputLowRank"/>: a segment's rows are read before they change) or does not overlap it; no allocation; the caller keeps the weights' arenas alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> when a segment's weights have another H or O or its rows run backwards.
/// <b>Source</b>: ours; the segmented form follows the idea of SGMV (Punica, arXiv:2310.18547).
/// </summary>
public static unsafe class LowRank
{
    /// <summary>Bytes of workspace that suffice for so many rows and segments, none of a rank above <paramref name="maxRank"/>.</summary>
    public static long WorkspaceBytes(int rows, int segments, int maxRank, int inFeatures)
    {
        var paddedInput = inFeatures % 16 == 0 ? 0 : (long)rows * Packing.RoundUp(inFeatures);
        return ((long)segments * sizeof(LowRankWork)) + (((long)rows * maxRank) + paddedInput + 16) * sizeof(float);
    }

    public static void Add(
        float* x, int inFeatures, float* y, int outFeatures, ReadOnlySpan<LowRankSegment> segments, void* workspace, IParallel parallel)
    {
        var call = new LowRankCall(x, inFeatures, y, outFeatures, (LowRankWork*)workspace);
        call.Plan(segments);
        if (call.Segments == 0)
        {
            return;
        }

        SimdDispatch.Run(ref call, parallel);
    }
}
