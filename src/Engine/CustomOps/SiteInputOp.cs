using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps.Forms;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// Stands before a base op whose input nobody else reads: x' = x with what the step's adapters do to the site's input. <b>Shapes</b>: x [T, H]; x' in place of x.
/// <b>Layout</b>: attribute <c>site</c> is the index in the base model's sites, one with <see cref="Site.HasInputOp"/>.
/// </summary>
internal sealed class SiteInputOp(StepState step)
    : CustomOp(GraphNames.SiteInput, [new OpParameter(ElementType.Float32)], [new OpParameter(ElementType.Float32)])
{
    public static SiteInputOp For(StepState step) => new(step) { InPlace = InPlace.FirstInput, OutputShapeInput = 0 };

    public override CustomOpKernel CreateKernel(KernelInfo info) => new Kernel(step, step.Sites[(int)info.GetInt64("site")]);

    private sealed unsafe class Kernel(StepState step, Site site) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            var x = SiteMemory.OutputOver(context, inputIndex: 0, step.Adapters.Rows(RowKind.Tokens), site.InFeatures);
            var segments = step.Adapters.Segments(RowKind.Tokens);
            if (segments.Length > 0)
            {
                step.Forms.ApplyToInput(site.Index, segments, new SiteOperands { X = x }, step.Parallel.In(context));
            }
        }
    }
}
