using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary><see cref="FormKind.EmbeddingRows"/> by <see cref="EmbeddingRows"/>.</summary>
internal sealed unsafe class EmbeddingRowsRunner(int maxSegments, Workspace workspace) : FormRunner
{
    private readonly EmbeddingSegment[] _segments = new EmbeddingSegment[maxSegments];
    private int _count;

    public override bool IsEmpty => _count == 0;

    public override void Add(int rowStart, int rowEnd, FormWeights weights) =>
        _segments[_count++] = new EmbeddingSegment(rowStart, rowEnd, (EmbeddingRowsWeights)weights);

    public override void Run(in SiteOperands operands, IParallel parallel)
    {
        var memory = workspace.Ensure(EmbeddingRows.WorkspaceBytes(_count));
        EmbeddingRows.Apply(operands.Ids, operands.Y, _segments[0].Weights.OutFeatures, _segments.AsSpan(0, _count), memory, parallel);
        _count = 0;
    }
}
