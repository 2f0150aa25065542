using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Tests.Models;

/// <summary>A site without adapters: y' = y, in place where ONNX Runtime allows. Counts its runs by site.</summary>
internal sealed unsafe class CopySite(string name, ElementType firstInput, Dictionary<int, (int Rows, long Elements)> seen)
    : CustomOp(name, [new OpParameter(firstInput), new OpParameter(ElementType.Float32)], [new OpParameter(ElementType.Float32)])
{
    public static CopySite Linear(Dictionary<int, (int Rows, long Elements)> seen) =>
        new(GraphNames.SiteOutput, ElementType.Float32, seen) { InPlace = InPlace.SecondInput, OutputShapeInput = 1 };

    public static CopySite Embedding(Dictionary<int, (int Rows, long Elements)> seen) =>
        new(GraphNames.EmbeddingSite, ElementType.Int64, seen) { InPlace = InPlace.SecondInput, OutputShapeInput = 1 };

    public override CustomOpKernel CreateKernel(KernelInfo info) => new Kernel((int)info.GetInt64("site"), (int)info.GetInt64("rows"), seen);

    private sealed class Kernel(int site, int rows, Dictionary<int, (int Rows, long Elements)> seen) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            Span<long> shape = stackalloc long[2];
            context.InputShape(1, shape);
            var source = context.InputData(1);
            var target = context.Output(0, shape);
            seen[site] = (rows, shape[0] * shape[1]);
            if (source != target)
            {
                Buffer.MemoryCopy(source, target, shape[0] * shape[1] * sizeof(float), shape[0] * shape[1] * sizeof(float));
            }
        }
    }
}
