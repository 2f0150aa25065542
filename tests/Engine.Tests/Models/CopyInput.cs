using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Tests.Models;

/// <summary>A site's input without adapters: x' = x. Notes whether ONNX Runtime gave it x's own memory.</summary>
internal sealed unsafe class CopyInput(string name, OpParameterKind[] inputs, Dictionary<int, bool> inPlace)
    : CustomOp(name, [.. inputs.Select(kind => new OpParameter(ElementType.Float32, kind))], [new OpParameter(ElementType.Float32)])
{
    public static CopyInput Linear(Dictionary<int, bool> inPlace) =>
        new(GraphNames.SiteInput, [OpParameterKind.Required, OpParameterKind.Optional], inPlace) { InPlace = InPlace.FirstInput, OutputShapeInput = 0 };

    public static CopyInput Attention(Dictionary<int, bool> inPlace) =>
        new(GraphNames.AttentionSite, [.. Enumerable.Repeat(OpParameterKind.Required, 4)], inPlace) { InPlace = InPlace.FirstInput, OutputShapeInput = 0 };

    public override CustomOpKernel CreateKernel(KernelInfo info) => new Kernel((int)info.GetInt64("site"), inPlace);

    private sealed class Kernel(int site, Dictionary<int, bool> inPlace) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            Span<long> shape = stackalloc long[2];
            context.InputShape(0, shape);
            var source = context.InputData(0);
            var target = context.Output(0, shape);
            inPlace[site] = source == target;
            if (source != target)
            {
                Buffer.MemoryCopy(source, target, shape[0] * shape[1] * sizeof(float), shape[0] * shape[1] * sizeof(float));
            }
        }
    }
}
