using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: y[t] = W x[t] + b. <b>Shapes</b>: x [T, H], y [T, O], row-major, any alignment.
/// <b>Units, dtype, layout</b>: f32; each output is one chain of multiply-adds in the order of H that begins with its bias, so that a row's bits
/// depend on nothing but the row, W and b. <b>Effects</b>: writes y, which must not overlap x; no allocation. <b>Source</b>: ours,
/// <see cref="Dense"/> over the base's own weights.
/// </summary>
public static unsafe class FusableProduct
{
    public static long WorkspaceBytes => Dense.WorkspaceBytes(segments: 1);

    public static void Apply(float* x, int rows, FusableLinear linear, float* y, void* workspace, IParallel parallel)
    {
        ArgumentNullException.ThrowIfNull(linear);
        var bias = new ReadOnlySpan<float>(linear.Bias, linear.OutFeatures);
        for (var row = 0; linear.HasBias && row < rows; row++)
        {
            bias.CopyTo(new Span<float>(y + ((nint)row * linear.OutFeatures), linear.OutFeatures));
        }

        var segment = new DenseSegment(0, rows, linear.Product);
        Dense.Apply(x, linear.InFeatures, y, linear.OutFeatures, new ReadOnlySpan<DenseSegment>(in segment), workspace, parallel);
    }
}
