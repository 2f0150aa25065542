using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for each linear y[t, o] = sum over h of x'[t, h] (code[o, h] - zero[o, block of h]) scale[o, block of h] (+ bias[o]), then what
/// <see cref="LowRank"/> adds for its segments; x' is x rounded to 8 bits in groups of 32 inputs, see <see cref="BlockActivations"/>: the product is exact but for this
/// rounding and those of f32 between groups. Segments read x as it is.
/// <b>Shapes</b>: x [T, H], y [T, O], bias [O] or null.
/// <b>Units, dtype, layout</b>: x, y, bias f32 row-major, any alignment; weights as <see cref="BlockProductLayout"/> says.
/// A row's result has the same bits whatever its neighbours, their number, its place, the other linears, the number of threads and the split; with segments those of
/// <see cref="LowRank.Add"/> behind the product. A row with an infinity or what is not a number is NaN.
/// <b>Effects</b>: writes each y, which must not overlap x; no allocation; the caller keeps the weights' memory alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> for a negative number of rows, linears of several H or of which only some have zero points, and for what
/// <see cref="LowRank.Add"/> refuses.
/// <b>Source</b>: ours. It takes the place of ONNX Runtime's MatMulNBits at accuracy level 4: outputs stand in the lanes, so that nothing is summed
/// across them.
/// </summary>
public static unsafe class BlockQuantizedProduct
{
    /// <summary>Whether this machine has the instructions with which it is faster than what it takes the place of.</summary>
    public static bool IsPreferred => SimdSupport.Path == SimdPath.Avx512;

    /// <summary>Bytes of workspace that suffice for so many rows of one linear without segments.</summary>
    public static long WorkspaceBytes(in BlockProductLayout layout, int rows, int threads) =>
        WorkspaceBytes(rows, [new BlockLinear(new BlockProductWeights(layout, 0), 0, 0, 0)], [], threads);

    /// <summary>Bytes of workspace that suffice for a call.</summary>
    public static long WorkspaceBytes(int rows, ReadOnlySpan<BlockLinear> linears, ReadOnlySpan<LowRankSegment> segments, int threads) =>
        BlockQuantizedProductCall.WorkspaceBytes(rows, linears, segments, threads);

    /// <summary>One linear without segments.</summary>
    public static void Apply(float* x, int rows, in BlockProductWeights weights, float* bias, float* y, void* workspace, IParallel parallel) =>
        Apply(x, rows, [new BlockLinear(weights, (nint)bias, (nint)y, 0)], [], workspace, parallel);

    public static void Apply(
        float* x, int rows, ReadOnlySpan<BlockLinear> linears, ReadOnlySpan<LowRankSegment> segments, void* workspace, IParallel parallel)
    {
        Shape.RequireRange("BlockQuantizedProduct", "rows", 0, int.MaxValue, rows);
        Check(linears, segments.Length);
        if (rows > 0)
        {
            var call = new BlockQuantizedProductCall(x, rows, linears, segments, (byte*)workspace);
            SimdDispatch.RunBytes(ref call, parallel);
        }
    }

    private static void Check(ReadOnlySpan<BlockLinear> linears, int segments)
    {
        Shape.RequireRange("BlockQuantizedProduct", "linears", 1, int.MaxValue, linears.Length);
        var first = linears[0].Weights.Layout;
        foreach (var linear in linears)
        {
            var layout = linear.Weights.Layout;
            Shape.Require("BlockQuantizedProduct", "in features", first.InFeatures, layout.InFeatures);
            Shape.Require("BlockQuantizedProduct", "linears with zero points", first.HasZeroPoints ? 1 : 0, layout.HasZeroPoints ? 1 : 0);
            segments -= linear.Segments;
        }

        Shape.Require("BlockQuantizedProduct", "segments beyond those of the linears", 0, segments);
    }
}
