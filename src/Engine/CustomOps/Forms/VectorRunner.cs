using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary>The forms of one number for each channel: <see cref="FormKind.OutputScale"/>, <see cref="FormKind.OutputBias"/>, and <see cref="FormKind.InputScale"/> over x.</summary>
internal sealed unsafe class VectorRunner(FormKind form, int maxSegments, Workspace workspace) : FormRunner
{
    private readonly VectorSegment[] _segments = new VectorSegment[maxSegments];
    private int _count;

    public override bool IsEmpty => _count == 0;

    public override void Add(int rowStart, int rowEnd, FormWeights weights) =>
        _segments[_count++] = new VectorSegment(rowStart, rowEnd, (VectorWeights)weights);

    public override void Run(in SiteOperands operands, IParallel parallel)
    {
        var segments = _segments.AsSpan(0, _count);
        var width = segments[0].Weights.Width;
        var memory = workspace.Ensure(ChannelScale.WorkspaceBytes(_count));
        if (form == FormKind.OutputBias)
        {
            ChannelBias.Add(operands.Y, width, segments, memory, parallel);
        }
        else
        {
            ChannelScale.Apply(form == FormKind.InputScale ? operands.X : operands.Y, width, segments, memory, parallel);
        }

        _count = 0;
    }
}
