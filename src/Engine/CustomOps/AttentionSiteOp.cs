using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps.Forms;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Kernels.Cpu;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// Stands behind a layer's attention, before the output projection: x' = x with what the step's adapters do to the projection's input,
/// by the queries or on x as it is.
/// <b>Shapes</b>: x and q [T, heads·d], q before the rotation, cos_table and sin_table [positions, d/2]; x' in place of x.
/// <b>Layout</b>: attribute <c>site</c> is the projection's index in the base model's sites.
/// </summary>
internal sealed class AttentionSiteOp(StepState step)
    : CustomOp(
        GraphNames.AttentionSite,
        [
            new OpParameter(ElementType.Float32), new OpParameter(ElementType.Float32),
            new OpParameter(ElementType.Float32), new OpParameter(ElementType.Float32),
        ],
        [new OpParameter(ElementType.Float32)])
{
    private const int Query = 1;
    private const int Cos = 2;
    private const int Sin = 3;

    public static AttentionSiteOp For(StepState step) => new(step) { InPlace = InPlace.FirstInput, OutputShapeInput = 0 };

    public override CustomOpKernel CreateKernel(KernelInfo info) => new Kernel(step, step.Sites[(int)info.GetInt64("site")]);

    private sealed unsafe class Kernel(StepState step, Site site) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            var x = SiteMemory.OutputOver(context, inputIndex: 0, step.Adapters.Rows(RowKind.Tokens), site.InFeatures);
            var segments = step.Adapters.Segments(RowKind.Tokens);
            if (segments.Length > 0)
            {
                step.Forms.ApplyToInput(site.Index, segments, new SiteOperands { X = x, Queries = Queries(context) }, step.Parallel.In(context));
            }
        }

        private RotaryQueries Queries(in KernelContext context)
        {
            Span<long> angles = stackalloc long[2];
            context.InputShape(Cos, angles);
            return new RotaryQueries
            {
                Query = (float*)context.InputData(Query),
                Cos = (float*)context.InputData(Cos),
                Sin = (float*)context.InputData(Sin),
                Positions = step.Adapters.Positions,
                RotaryDims = (int)angles[1] * 2,
                MaxPositions = (int)angles[0],
            };
        }
    }
}
