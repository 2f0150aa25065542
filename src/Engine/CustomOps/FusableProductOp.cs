using AdapterServe.Engine.Models.Graph;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Weights;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// A linear of the base, or its head, whose weights fused mode writes, in place of ONNX Runtime's Gemm: see <see cref="FusableProduct"/>.
/// <b>Shapes</b>: x [rows, H]; output [rows, O]. <b>Layout</b>: attribute <c>site</c> is the index in the base model's sites, N is O. The weights are
/// no input of the graph: they stay where <paramref name="linears"/> holds them.
/// </summary>
internal sealed class FusableProductOp(Func<int, FusableLinear> linears, Workspace workspace, OrtParallel parallel)
    : CustomOp(GraphNames.FusableProduct, [new OpParameter(ElementType.Float32)], [new OpParameter(ElementType.Float32)])
{
    public override CustomOpKernel CreateKernel(KernelInfo info) => new Kernel(linears((int)info.GetInt64("site")), workspace, parallel);

    protected override void InferShapes(ShapeInference shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        if (shapes.TryGetInput(0, out var shape))
        {
            shapes.SetOutput(0, [shape[0], Dimension.Of(shapes.GetInt64("N"))]);
        }
    }

    private sealed unsafe class Kernel(FusableLinear linear, Workspace workspace, OrtParallel parallel) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            var rows = (int)(context.InputBytes(0) / ((long)linear.InFeatures * sizeof(float)));
            var y = (float*)context.Output(0, [rows, linear.OutFeatures]);
            var memory = workspace.Ensure(FusableProduct.WorkspaceBytes);
            FusableProduct.Apply((float*)context.InputData(0), rows, linear, y, memory, parallel.In(context));
        }
    }
}
