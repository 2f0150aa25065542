using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary><see cref="FormKind.OutputRotation"/> by <see cref="OutputRotation"/>.</summary>
internal sealed unsafe class OutputRotationRunner(int maxSegments, Workspace workspace) : FormRunner
{
    private readonly OutputRotationSegment[] _segments = new OutputRotationSegment[maxSegments];
    private int _count;

    public override bool IsEmpty => _count == 0;

    public override void Add(int rowStart, int rowEnd, FormWeights weights) =>
        _segments[_count++] = new OutputRotationSegment(rowStart, rowEnd, (OutputRotationWeights)weights);

    public override void Run(in SiteOperands operands, IParallel parallel)
    {
        var memory = workspace.Ensure(OutputRotation.WorkspaceBytes(_count));
        OutputRotation.Apply(operands.Y, _segments[0].Weights.OutFeatures, _segments.AsSpan(0, _count), memory, parallel);
        _count = 0;
    }
}
