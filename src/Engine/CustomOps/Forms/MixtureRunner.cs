using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary><see cref="FormKind.Mixture"/> by <see cref="Mixture"/>.</summary>
internal sealed unsafe class MixtureRunner(int maxSegments, Workspace workspace) : FormRunner
{
    private readonly MixtureSegment[] _segments = new MixtureSegment[maxSegments];
    private int _count;

    public override bool IsEmpty => _count == 0;

    public override void Add(int rowStart, int rowEnd, FormWeights weights) => _segments[_count++] = new MixtureSegment(rowStart, rowEnd, (MixtureWeights)weights);

    public override void Run(in SiteOperands operands, IParallel parallel)
    {
        var segments = _segments.AsSpan(0, _count);
        var width = segments[0].Weights.OutFeatures;
        var rows = new BottleneckOperands { X = operands.X, Y = operands.Y, InFeatures = width, OutFeatures = width };
        Mixture.Apply(rows, segments, workspace.Ensure(Mixture.WorkspaceBytes(segments)), parallel);
        _count = 0;
    }
}
