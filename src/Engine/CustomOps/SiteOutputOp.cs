using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps.Forms;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// Stands behind a base op: y' = y and what the step's adapters do at the site. <b>Shapes</b>: x [rows, H] the site's input, y [rows, O]; y' in place of y.
/// <b>Layout</b>: attribute <c>site</c> is the index in the base model's sites, <c>rows</c> a <see cref="RowKind"/>.
/// </summary>
internal sealed class SiteOutputOp(StepState step)
    : CustomOp(GraphNames.SiteOutput, [new OpParameter(ElementType.Float32), new OpParameter(ElementType.Float32)], [new OpParameter(ElementType.Float32)])
{
    public static SiteOutputOp For(StepState step) => new(step) { InPlace = InPlace.SecondInput, OutputShapeInput = 1 };

    public override CustomOpKernel CreateKernel(KernelInfo info) =>
        new Kernel(step, step.Sites[(int)info.GetInt64("site")], (RowKind)info.GetInt64("rows"));

    private sealed unsafe class Kernel(StepState step, Site site, RowKind rows) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            var y = SiteMemory.OutputOver(context, inputIndex: 1, step.Adapters.Rows(rows), site.OutFeatures);
            var segments = step.Adapters.Segments(rows);
            if (segments.Length > 0)
            {
                var operands = new SiteOperands { X = (float*)context.InputData(0), Y = y };
                var parallel = step.Parallel.In(context);
                step.Forms.ApplyToOutput(site.Index, segments, operands, parallel);
                if (site.Kind == SiteKind.Head)
                {
                    step.Forms.ApplyAddedHeads(segments, operands.X, site.InFeatures, step.Adapters.AddedLogits, parallel);
                }
            }
        }
    }
}
