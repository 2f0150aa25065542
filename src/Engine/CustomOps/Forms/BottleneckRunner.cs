using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary><see cref="FormKind.Bottleneck"/> by <see cref="Bottleneck"/>.</summary>
internal sealed unsafe class BottleneckRunner(int maxSegments, Workspace workspace, StepAdapterBatch adapters) : FormRunner
{
    private readonly BottleneckSegment[] _segments = new BottleneckSegment[maxSegments];
    private int _count;

    public override bool IsEmpty => _count == 0;

    public override void Add(int rowStart, int rowEnd, FormWeights weights)
    {
        var bottleneck = (BottleneckWeights)weights;
        var (first, count) = bottleneck.HasState ? adapters.SequencesOf(rowStart, rowEnd) : (0, 0);
        _segments[_count++] = new BottleneckSegment(rowStart, rowEnd, bottleneck, first, count);
    }

    public override void Run(in SiteOperands operands, IParallel parallel)
    {
        var segments = _segments.AsSpan(0, _count);
        var rows = new BottleneckOperands
        {
            X = operands.X,
            Normed = operands.Normed,
            Y = operands.Y,
            InFeatures = segments[0].Weights.InFeatures,
            OutFeatures = segments[0].Weights.OutFeatures,
        };
        Bottleneck.Add(rows, segments, adapters.Sequences, workspace.Ensure(Bottleneck.WorkspaceBytes(segments)), parallel);
        _count = 0;
    }
}
