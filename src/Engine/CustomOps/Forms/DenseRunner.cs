using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary><see cref="FormKind.Dense"/> by <see cref="Dense"/>.</summary>
internal sealed unsafe class DenseRunner(int maxSegments, Workspace workspace) : FormRunner
{
    private readonly DenseSegment[] _segments = new DenseSegment[maxSegments];
    private int _count;
    private int _scaledRows;

    public override bool IsEmpty => _count == 0;

    public override void Add(int rowStart, int rowEnd, FormWeights weights)
    {
        var dense = (DenseWeights)weights;
        _segments[_count++] = new DenseSegment(rowStart, rowEnd, dense);
        _scaledRows += dense.Scale == 1 ? 0 : rowEnd - rowStart;
    }

    public override void Run(in SiteOperands operands, IParallel parallel)
    {
        var (inFeatures, outFeatures) = (_segments[0].Weights.InFeatures, _segments[0].Weights.OutFeatures);
        var memory = workspace.Ensure(Dense.WorkspaceBytes(_count, _scaledRows, inFeatures));
        Dense.Apply(operands.X, inFeatures, operands.Y, outFeatures, _segments.AsSpan(0, _count), memory, parallel);
        (_count, _scaledRows) = (0, 0);
    }
}
