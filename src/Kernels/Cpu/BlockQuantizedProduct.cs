using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: y[t, o] = sum over h of x'[t, h] (code[o, h] - zero[o, block of h]) scale[o, block of h] (+ bias[o]); x' is x rounded to 8
/// bits in groups of 32 inputs, see <see cref="BlockActivations"/>: the result is that of the exact product but for this rounding and those of f32
/// between groups.
/// <b>Shapes</b>: x [T, H], y [T, O], bias [O] or null.
/// <b>Units, dtype, layout</b>: x, y, bias f32 row-major, any alignment; weights as <see cref="BlockProductLayout"/> says.
/// A row's result has the same bits whatever its neighbours, their number, its place, the number of threads and the split. A row with an infinity
/// or what is not a number is NaN.
/// <b>Effects</b>: writes y, which must not overlap x; no allocation; the caller keeps the weights' memory alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> for a negative number of rows.
/// <b>Source</b>: ours. It takes the place of ONNX Runtime's MatMulNBits at accuracy level 4: outputs stand in the lanes, so that nothing is summed
/// across them.
/// </summary>
public static unsafe class BlockQuantizedProduct
{
    /// <summary>Whether this machine has the instructions with which it is faster than what it takes the place of.</summary>
    public static bool IsPreferred => SimdSupport.Path == SimdPath.Avx512;

    /// <summary>Bytes of workspace that suffice for so many rows.</summary>
    public static long WorkspaceBytes(in BlockProductLayout layout, int rows, int threads) =>
        BlockQuantizedProductCall.WorkspaceBytes(layout, rows, threads);

    public static void Apply(float* x, int rows, in BlockProductWeights weights, float* bias, float* y, void* workspace, IParallel parallel)
    {
        Shape.RequireRange("BlockQuantizedProduct", "rows", 0, int.MaxValue, rows);
        if (rows > 0)
        {
            var call = new BlockQuantizedProductCall(x, rows, weights, bias, y, (byte*)workspace);
            SimdDispatch.RunBytes(ref call, parallel);
        }
    }
}
