using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary><see cref="FormKind.LowRank"/> by <see cref="LowRank"/>, and <see cref="FormKind.OutputLowRank"/>, which reads y.</summary>
internal sealed unsafe class LowRankRunner(FormKind form, int maxSegments, Workspace workspace) : FormRunner
{
    private readonly LowRankSegment[] _segments = new LowRankSegment[maxSegments];
    private int _count;
    private int _rows;
    private int _maxRank;

    public override bool IsEmpty => _count == 0;

    public override void Add(int rowStart, int rowEnd, FormWeights weights)
    {
        var lowRank = (LowRankWeights)weights;
        _segments[_count++] = new LowRankSegment(rowStart, rowEnd, lowRank);
        _rows += rowEnd - rowStart;
        _maxRank = Math.Max(_maxRank, lowRank.Rank);
    }

    public override void Run(in SiteOperands operands, IParallel parallel)
    {
        var (inFeatures, outFeatures) = (_segments[0].Weights.InFeatures, _segments[0].Weights.OutFeatures);
        var memory = workspace.Ensure(LowRank.WorkspaceBytes(_rows, _count, _maxRank, inFeatures));
        LowRank.Add(form == FormKind.OutputLowRank ? operands.Y : operands.X, inFeatures, operands.Y, outFeatures, _segments.AsSpan(0, _count), memory, parallel);
        (_count, _rows, _maxRank) = (0, 0, 0);
    }
}
