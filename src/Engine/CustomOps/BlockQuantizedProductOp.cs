using AdapterServe.Engine.Models.Graph;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Weights;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// A base linear over weights of 4 bits, in place of ONNX Runtime's MatMulNBits: see <see cref="BlockQuantizedProduct"/>.
/// <b>Shapes</b>: x [rows, K], weights u8 [tiles, bytes of a tile] as <see cref="BlockProductLayout"/> packs them, bias [N] or absent; output
/// [rows, N].
/// <b>Layout</b>: attributes K, N, bits, block_size as those of MatMulNBits, and zero_points (0 or 1).
/// <b>Errors</b>: at load for attributes that the layout refuses, at the run for weights of another size.
/// </summary>
internal sealed class BlockQuantizedProductOp(Workspace workspace, OrtParallel parallel)
    : CustomOp(GraphNames.BlockQuantizedProduct, Parameters, [new OpParameter(ElementType.Float32)])
{
    private const int X = 0;
    private const int Weights = 1;
    private const int Bias = 2;

    private static ReadOnlySpan<OpParameter> Parameters => new OpParameter[]
    {
        new(ElementType.Float32), new(ElementType.UInt8), new(ElementType.Float32, OpParameterKind.Optional),
    };

    public override CustomOpKernel CreateKernel(KernelInfo info) => new Kernel(workspace, parallel, new BlockProductLayout(
        new BlockFormat((int)info.GetInt64("bits"), (int)info.GetInt64("block_size")),
        (int)info.GetInt64("K"),
        (int)info.GetInt64("N"),
        info.GetInt64("zero_points", 0) != 0));

    protected override void InferShapes(ShapeInference shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        if (shapes.TryGetInput(X, out var shape))
        {
            shapes.SetOutput(0, [shape[0], Dimension.Of(shapes.GetInt64("N"))]);
        }
    }

    private sealed unsafe class Kernel(Workspace workspace, OrtParallel parallel, BlockProductLayout layout) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            var bytes = context.InputBytes(Weights);
            if (bytes != layout.Bytes)
            {
                throw new ArgumentException(
                    $"BlockQuantizedProduct: weights of [{layout.OutFeatures}, {layout.InFeatures}] must have {layout.Bytes} bytes, got {bytes}.");
            }

            var rows = (int)(context.InputBytes(X) / ((long)layout.InFeatures * sizeof(float)));
            BlockQuantizedProduct.Apply(
                (float*)context.InputData(X),
                rows,
                new BlockProductWeights(layout, (nint)context.InputData(Weights)),
                (float*)context.InputData(Bias),
                (float*)context.Output(0, [rows, layout.OutFeatures]),
                workspace.Ensure(BlockQuantizedProduct.WorkspaceBytes(layout, rows, parallel.Threads)),
                parallel.In(context));
        }
    }
}
