using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Tests.Models;

/// <summary>A site without adapters: y' = y, in place where ONNX Runtime allows. Counts its runs by site.</summary>
internal sealed unsafe class CopySite(string name, int output, ElementType[] inputs, Dictionary<int, (int Rows, long Elements)> seen)
    : CustomOp(name, [.. inputs.Select(type => new OpParameter(type))], [new OpParameter(ElementType.Float32)])
{
    public static CopySite Linear(Dictionary<int, (int Rows, long Elements)> seen) =>
        new(GraphNames.SiteOutput, 1, [ElementType.Float32, ElementType.Float32], seen) { InPlace = InPlace.SecondInput, OutputShapeInput = 1 };

    public static CopySite Embedding(Dictionary<int, (int Rows, long Elements)> seen) =>
        new(GraphNames.EmbeddingSite, 1, [ElementType.Int64, ElementType.Float32], seen) { InPlace = InPlace.SecondInput, OutputShapeInput = 1 };

    public static CopySite Sublayer(Dictionary<int, (int Rows, long Elements)> seen) =>
        new(GraphNames.SublayerSite, 0, [ElementType.Float32, ElementType.Float32, ElementType.Float32], seen) { InPlace = InPlace.FirstInput, OutputShapeInput = 0 };

    public override CustomOpKernel CreateKernel(KernelInfo info) => new Kernel((int)info.GetInt64("site"), (int)info.GetInt64("rows", 0), output, seen);

    private sealed class Kernel(int site, int rows, int output, Dictionary<int, (int Rows, long Elements)> seen) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            Span<long> shape = stackalloc long[2];
            context.InputShape(output, shape);
            var source = context.InputData(output);
            var target = context.Output(0, shape);
            seen[site] = (rows, shape[0] * shape[1]);
            if (source != target)
            {
                Buffer.MemoryCopy(source, target, shape[0] * shape[1] * sizeof(float), shape[0] * shape[1] * sizeof(float));
            }
        }
    }
}
