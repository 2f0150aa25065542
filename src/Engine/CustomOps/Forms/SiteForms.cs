using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary>
/// Applies what a step's adapters do at one site: every form that occurs there, in the order of <see cref="FormKind"/>, each once over all of its segments.
/// The place where a new form is added to the engine.
/// </summary>
internal sealed unsafe class SiteForms
{
    private readonly FormRunner[] _runners;

    public SiteForms(int maxSegments, Workspace workspace)
    {
        _runners = new FormRunner[Enum.GetValues<FormKind>().Length];
        _runners[(int)FormKind.InputScale] = new VectorRunner(FormKind.InputScale, maxSegments, workspace);
        _runners[(int)FormKind.RmsNorm] = new RmsNormRunner(maxSegments, workspace);
        _runners[(int)FormKind.Dense] = new DenseRunner(maxSegments, workspace);
        _runners[(int)FormKind.LowRank] = new LowRankRunner(maxSegments, workspace);
        _runners[(int)FormKind.Sparse] = new SparseRunner(maxSegments, workspace);
        _runners[(int)FormKind.OutputScale] = new VectorRunner(FormKind.OutputScale, maxSegments, workspace);
        _runners[(int)FormKind.OutputBias] = new VectorRunner(FormKind.OutputBias, maxSegments, workspace);
    }

    /// <summary>Behind the base op. <b>Shapes</b>: x [rows, H] the site's input, y [rows, O] the base's output, changed in place. <b>Effects</b>: allocates nothing.</summary>
    public void ApplyToOutput(int site, ReadOnlySpan<AdapterSegment> segments, float* x, float* y, IParallel parallel)
    {
        Collect(site, segments, onInput: false);
        foreach (var runner in _runners)
        {
            if (!runner.IsEmpty)
            {
                runner.Run(x, y, parallel);
            }
        }
    }

    /// <summary>Before the base op. <b>Shapes</b>: x [rows, H] the site's input, changed in place. <b>Effects</b>: allocates nothing.</summary>
    public void ApplyToInput(int site, ReadOnlySpan<AdapterSegment> segments, float* x, IParallel parallel)
    {
        Collect(site, segments, onInput: true);
        var scale = _runners[(int)FormKind.InputScale];
        if (!scale.IsEmpty)
        {
            scale.Run(x, null, parallel);
        }
    }

    private void Collect(int site, ReadOnlySpan<AdapterSegment> segments, bool onInput)
    {
        foreach (var segment in segments)
        {
            foreach (var weights in segment.Weights.At(site))
            {
                if (weights.Form == FormKind.InputScale == onInput)
                {
                    _runners[(int)weights.Form].Add(segment.RowStart, segment.RowEnd, weights);
                }
            }
        }
    }
}
