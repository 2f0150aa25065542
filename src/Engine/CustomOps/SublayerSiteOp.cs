using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps.Forms;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// Stands behind a layer's attention or feed-forward network, before the residual sum: y' = y and what the step's adapters add there.
/// <b>Shapes</b>: y, residual and normed [T, H]: the network's output, the residual stream that entered the layer's norm, and the norm's output, behind the chain of
/// <see cref="SiteInputOp"/> that has read it; y' in place of y.
/// <b>Layout</b>: attribute <c>site</c> is the index in the base model's sites.
/// </summary>
internal sealed class SublayerSiteOp(StepState step)
    : CustomOp(
        GraphNames.SublayerSite,
        [new OpParameter(ElementType.Float32), new OpParameter(ElementType.Float32), new OpParameter(ElementType.Float32)],
        [new OpParameter(ElementType.Float32)])
{
    public static SublayerSiteOp For(StepState step) => new(step) { InPlace = InPlace.FirstInput, OutputShapeInput = 0 };

    public override CustomOpKernel CreateKernel(KernelInfo info) => new Kernel(step, step.Sites[(int)info.GetInt64("site")]);

    private sealed unsafe class Kernel(StepState step, Site site) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            var y = SiteMemory.OutputOver(context, inputIndex: 0, step.Adapters.Rows(RowKind.Tokens), site.OutFeatures);
            var segments = step.Adapters.Segments(RowKind.Tokens);
            if (segments.Length > 0)
            {
                var normed = (float*)context.InputData(2);
                step.SavedInput.Restore(normed);
                var operands = new SiteOperands { X = (float*)context.InputData(1), Normed = normed, Y = y };
                step.Forms.ApplyToOutput(site.Index, segments, operands, step.Parallel.In(context));
            }
        }
    }
}
