using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps.Forms;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// Stands behind the embedding's gather: y' = y and what the step's adapters do there, by token id or on y as it is, all of it
/// times the embedding's scale; rows of a soft prompt are replaced and not scaled. The gather has not seen tokens that an adapter adds, whose rows are the adapter's.
/// <b>Shapes</b>: ids [T] int64, y [T, H]; y' in place of y. <b>Layout</b>: attribute <c>site</c> is the index in the base model's sites, <c>scale</c> the factor.
/// </summary>
internal sealed class EmbeddingSiteOp(StepState step)
    : CustomOp(GraphNames.EmbeddingSite, [new OpParameter(ElementType.Int64), new OpParameter(ElementType.Float32)], [new OpParameter(ElementType.Float32)])
{
    public static EmbeddingSiteOp For(StepState step) => new(step) { InPlace = InPlace.SecondInput, OutputShapeInput = 1 };

    public override CustomOpKernel CreateKernel(KernelInfo info) => new Kernel(step, step.Sites[(int)info.GetInt64("site")], info.GetSingle("scale"));

    private sealed unsafe class Kernel(StepState step, Site site, float scale) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            var y = SiteMemory.OutputOver(context, inputIndex: 1, step.Adapters.Rows(RowKind.Tokens), site.OutFeatures);
            var segments = step.Adapters.Segments(RowKind.Tokens);
            if (segments.Length > 0)
            {
                var ids = step.Adapters.Ids;
                var operands = new SiteOperands { Ids = ids is null ? (long*)context.InputData(0) : ids, Y = y };
                step.Forms.ApplyToOutput(site.Index, segments, operands, step.Parallel.In(context));
            }

            if (scale != 1)
            {
                Scale(new Span<float>(y, step.Adapters.Rows(RowKind.Tokens) * site.OutFeatures));
            }

            WriteSoftPrompts(y);
        }

        private void Scale(Span<float> values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] *= scale;
            }
        }

        /// <summary>Last, since a virtual token has no id.</summary>
        private void WriteSoftPrompts(float* y)
        {
            foreach (ref readonly var run in step.Adapters.VirtualRows)
            {
                for (var row = 0; row < run.Rows; row++)
                {
                    run.Tokens.Row(run.First + row).CopyTo(new Span<float>(y + ((nint)(run.RowStart + row) * site.OutFeatures), site.OutFeatures));
                }
            }
        }
    }
}
