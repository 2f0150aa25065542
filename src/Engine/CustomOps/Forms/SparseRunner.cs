using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary><see cref="FormKind.Sparse"/> by <see cref="Sparse"/>.</summary>
internal sealed unsafe class SparseRunner(int maxSegments, Workspace workspace) : FormRunner
{
    private readonly SparseSegment[] _segments = new SparseSegment[maxSegments];
    private int _count;
    private int _rows;

    public override bool IsEmpty => _count == 0;

    public override void Add(int rowStart, int rowEnd, FormWeights weights)
    {
        _segments[_count++] = new SparseSegment(rowStart, rowEnd, (SparseWeights)weights);
        _rows += rowEnd - rowStart;
    }

    public override void Run(in SiteOperands operands, IParallel parallel)
    {
        var (inFeatures, outFeatures) = (_segments[0].Weights.InFeatures, _segments[0].Weights.OutFeatures);
        var memory = workspace.Ensure(Sparse.WorkspaceBytes(_rows, _count, inFeatures));
        Sparse.Add(operands.X, inFeatures, operands.Y, outFeatures, _segments.AsSpan(0, _count), memory, parallel);
        (_count, _rows) = (0, 0);
    }
}
