using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps.Forms;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// Stands before a base op: x' = x with what the step's adapters do to the site's input. <b>Shapes</b>: x [rows, H]; x' in place of x.
/// Linears that read one input stand in a chain, each taking what the one before made, and that one's output as <c>previous</c>, which is not read and only puts
/// the ops in order: so nobody else reads x by then, and the chain needs no copy. Rows that one changes are put back by the next, behind the last one by the
/// sublayer's op.
/// <b>Layout</b>: attribute <c>site</c> is the index in the base model's sites, <c>rows</c> a <see cref="RowKind"/>, <c>reader</c> an <see cref="InputReader"/>.
/// </summary>
internal sealed class SiteInputOp(StepState step)
    : CustomOp(
        GraphNames.SiteInput,
        [new OpParameter(ElementType.Float32), new OpParameter(ElementType.Float32, OpParameterKind.Optional)],
        [new OpParameter(ElementType.Float32)])
{
    public static SiteInputOp For(StepState step) => new(step) { InPlace = InPlace.FirstInput, OutputShapeInput = 0 };

    public override CustomOpKernel CreateKernel(KernelInfo info) =>
        new Kernel(step, step.Sites[(int)info.GetInt64("site")], (RowKind)info.GetInt64("rows"), (InputReader)info.GetInt64("reader"));

    private sealed unsafe class Kernel(StepState step, Site site, RowKind rows, InputReader reader) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            var x = SiteMemory.OutputOver(context, inputIndex: 0, step.Adapters.Rows(rows), site.InFeatures);
            if (site.Kind == SiteKind.Head && step.Adapters.Hidden.IsWanted)
            {
                step.Adapters.Hidden.Take(x, step.Adapters.Rows(rows), site.InFeatures);
            }

            if (reader == InputReader.First)
            {
                step.SavedInput.Clear();
            }
            else if (reader == InputReader.Later)
            {
                step.SavedInput.Restore(x);
            }

            var segments = step.Adapters.Segments(rows);
            if (segments.Length == 0)
            {
                return;
            }

            if (reader != InputReader.Only)
            {
                step.SavedInput.Save(x, site.InFeatures, site.Index, segments);
            }

            step.Forms.ApplyToInput(site.Index, segments, new SiteOperands { X = x }, step.Parallel.In(context));
        }
    }
}
