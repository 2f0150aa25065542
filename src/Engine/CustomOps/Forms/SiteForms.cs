using System.Numerics;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary>
/// Applies what a step's adapters do at one site: every form that occurs there, in the order of <see cref="FormKind"/>, each once over all of its segments;
/// again where an adapter has several of one form there, in their order. The place where a new form is added to the engine.
/// </summary>
internal sealed class SiteForms
{
    private readonly FormRunner[] _runners;

    public SiteForms(int maxSegments, Workspace workspace, StepAdapterBatch adapters)
    {
        _runners = new FormRunner[Enum.GetValues<FormKind>().Length];
        _runners[(int)FormKind.AttentionPrompt] = new AttentionPromptRunner(maxSegments, workspace);
        _runners[(int)FormKind.InputScale] = new VectorRunner(FormKind.InputScale, maxSegments, workspace);
        _runners[(int)FormKind.InputRotation] = new InputRotationRunner(maxSegments, workspace);
        _runners[(int)FormKind.RmsNorm] = new RmsNormRunner(maxSegments, workspace);
        _runners[(int)FormKind.EmbeddingRows] = new EmbeddingRowsRunner(maxSegments, workspace);
        _runners[(int)FormKind.Dense] = new DenseRunner(maxSegments, workspace);
        _runners[(int)FormKind.OutputLowRank] = new LowRankRunner(FormKind.OutputLowRank, maxSegments, workspace);
        _runners[(int)FormKind.LowRank] = new LowRankRunner(FormKind.LowRank, maxSegments, workspace);
        _runners[(int)FormKind.Sparse] = new SparseRunner(maxSegments, workspace);
        _runners[(int)FormKind.OutputScale] = new VectorRunner(FormKind.OutputScale, maxSegments, workspace);
        _runners[(int)FormKind.OutputRotation] = new OutputRotationRunner(maxSegments, workspace);
        _runners[(int)FormKind.OutputBias] = new VectorRunner(FormKind.OutputBias, maxSegments, workspace);
        _runners[(int)FormKind.Bottleneck] = new BottleneckRunner(maxSegments, workspace, adapters);
        _runners[(int)FormKind.Mixture] = new MixtureRunner(maxSegments, workspace);
    }

    /// <summary>Behind the base op. <b>Effects</b>: changes Y in place; allocates nothing.</summary>
    public void ApplyToOutput(int site, ReadOnlySpan<AdapterSegment> segments, in SiteOperands operands, IParallel parallel) =>
        Apply(site, segments, operands, parallel, FormKinds.OnOutput);

    /// <summary>Before the base op. <b>Effects</b>: changes X in place; allocates nothing.</summary>
    public void ApplyToInput(int site, ReadOnlySpan<AdapterSegment> segments, in SiteOperands operands, IParallel parallel) =>
        Apply(site, segments, operands, parallel, FormKinds.OnInput);

    /// <summary>At the head: the logits of tokens that adapters add. <b>Shapes</b>: x [rows, width]. <b>Effects</b>: fills <paramref name="logits"/>; allocates nothing.</summary>
    public unsafe void ApplyAddedHeads(ReadOnlySpan<AdapterSegment> segments, float* x, int width, AddedLogits logits, IParallel parallel)
    {
        foreach (var segment in segments)
        {
            if (segment.Weights.Vocabulary is not { } vocabulary)
            {
                continue;
            }

            var operands = new SiteOperands { X = x + ((nint)segment.RowStart * width), Y = logits.At(segment.RowStart) };
            foreach (var form in vocabulary.Head)
            {
                ApplyOne(form, segment.RowEnd - segment.RowStart, operands, parallel);
            }
        }
    }

    /// <summary>One form over the rows [0, <paramref name="rows"/>).</summary>
    public void ApplyOne(FormWeights form, int rows, in SiteOperands operands, IParallel parallel)
    {
        var runner = _runners[(int)form.Form];
        runner.Add(0, rows, form);
        runner.Run(operands, parallel);
    }

    private void Apply(int site, ReadOnlySpan<AdapterSegment> segments, in SiteOperands operands, IParallel parallel, uint wanted)
    {
        var present = FormKinds.At(site, segments) & wanted;
        for (; present != 0; present &= present - 1)
        {
            var form = (FormKind)BitOperations.TrailingZeroCount(present);
            var runner = _runners[(int)form];
            for (var round = 0; Collect(runner, form, round, site, segments); round++)
            {
                runner.Run(operands, parallel);
            }
        }
    }

    /// <summary>Adds each segment's <paramref name="round"/>-th of its forms of one kind; false when there is none.</summary>
    private static bool Collect(FormRunner runner, FormKind form, int round, int site, ReadOnlySpan<AdapterSegment> segments)
    {
        foreach (var segment in segments)
        {
            var at = 0;
            foreach (var weights in segment.Weights.At(site))
            {
                if (weights.Form == form && at++ == round)
                {
                    runner.Add(segment.RowStart, segment.RowEnd, weights);
                    break;
                }
            }
        }

        return !runner.IsEmpty;
    }
}
