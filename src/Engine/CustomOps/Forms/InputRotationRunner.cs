using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary><see cref="FormKind.InputRotation"/> by <see cref="InputRotation"/>.</summary>
internal sealed unsafe class InputRotationRunner(int maxSegments, Workspace workspace) : FormRunner
{
    private readonly InputRotationSegment[] _segments = new InputRotationSegment[maxSegments];
    private int _count;
    private int _rows;
    private int _largestBlock;

    public override bool IsEmpty => _count == 0;

    public override void Add(int rowStart, int rowEnd, FormWeights weights)
    {
        var rotation = (InputRotationWeights)weights;
        _segments[_count++] = new InputRotationSegment(rowStart, rowEnd, rotation);
        _rows = Math.Max(_rows, rowEnd - rowStart);
        _largestBlock = Math.Max(_largestBlock, rotation.LargestBlock);
    }

    public override void Run(in SiteOperands operands, IParallel parallel)
    {
        var memory = workspace.Ensure(InputRotation.WorkspaceBytes(_rows, _count, _largestBlock, parallel.Threads));
        InputRotation.Apply(operands.X, _segments[0].Weights.InFeatures, _segments.AsSpan(0, _count), memory, parallel);
        (_count, _rows, _largestBlock) = (0, 0, 0);
    }
}
