using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary><see cref="FormKind.RmsNorm"/> by <see cref="RmsNorm"/>.</summary>
internal sealed unsafe class RmsNormRunner(int maxSegments, Workspace workspace) : FormRunner
{
    private readonly RmsNormSegment[] _segments = new RmsNormSegment[maxSegments];
    private int _count;

    public override bool IsEmpty => _count == 0;

    public override void Add(int rowStart, int rowEnd, FormWeights weights) =>
        _segments[_count++] = new RmsNormSegment(rowStart, rowEnd, (RmsNormWeights)weights);

    public override void Run(in SiteOperands operands, IParallel parallel)
    {
        var memory = workspace.Ensure(RmsNorm.WorkspaceBytes(_count));
        RmsNorm.Apply(operands.X, operands.Y, _segments[0].Weights.OutFeatures, _segments.AsSpan(0, _count), memory, parallel);
        _count = 0;
    }
}
