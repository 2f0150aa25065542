using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: y[t, o] = sum over h of x'[t, h] (code[o, h] - zero[o, block of h]) scale[o, block of h] (+ bias[o]), then what
/// <see cref="LowRank"/> adds for the segments; x' is x rounded to 8 bits in groups of 32 inputs, see <see cref="BlockActivations"/>: the product
/// is exact but for this
/// rounding and those of f32 between groups. Segments read x as it is.
/// <b>Shapes</b>: x [T, H], y [T, O], bias [O] or null.
/// <b>Units, dtype, layout</b>: x, y, bias f32 row-major, any alignment; weights as <see cref="BlockProductLayout"/> says.
/// A row's result has the same bits whatever its neighbours, their number, its place, the number of threads and the split; with segments those of
/// <see cref="LowRank.Add"/> behind the product. A row with an infinity or what is not a number is NaN.
/// <b>Effects</b>: writes y, which must not overlap x; no allocation; the caller keeps the weights' memory alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> for a negative number of rows, and for what <see cref="LowRank.Add"/> refuses.
/// <b>Source</b>: ours. It takes the place of ONNX Runtime's MatMulNBits at accuracy level 4: outputs stand in the lanes, so that nothing is summed
/// across them.
/// </summary>
public static unsafe class BlockQuantizedProduct
{
    private const int RowsOfSegment = 4;

    /// <summary>Whether this machine has the instructions with which it is faster than what it takes the place of.</summary>
    public static bool IsPreferred => SimdSupport.Path == SimdPath.Avx512;

    /// <summary>
    /// Whether so many segments of so many rows together are better handed to the product than to <see cref="LowRank"/> behind it: not where nearly
    /// each row has factors
    /// of its own, which the product would read in pieces.
    /// </summary>
    public static bool Takes(int rows, int segments) => rows >= segments * RowsOfSegment || segments == 1;

    /// <summary>Bytes of workspace that suffice for a call.</summary>
    public static long WorkspaceBytes(in BlockProductLayout layout, int rows, ReadOnlySpan<LowRankSegment> segments, int threads) =>
        BlockQuantizedProductCall.WorkspaceBytes(layout, rows, segments, threads);

    public static void Apply(
        float* x, int rows, in BlockProductWeights weights, float* bias, float* y, ReadOnlySpan<LowRankSegment> segments, void* workspace, IParallel parallel)
    {
        Shape.RequireRange("BlockQuantizedProduct", "rows", 0, int.MaxValue, rows);
        if (rows > 0)
        {
            var call = new BlockQuantizedProductCall(x, rows, weights, bias, y, segments, (byte*)workspace);
            SimdDispatch.RunBytes(ref call, parallel);
        }
    }
}
