using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary><see cref="FormKind.AttentionPrompt"/> by <see cref="AttentionPrompt"/>.</summary>
internal sealed unsafe class AttentionPromptRunner(int maxSegments, Workspace workspace) : FormRunner
{
    private readonly AttentionPromptSegment[] _segments = new AttentionPromptSegment[maxSegments];
    private int _count;
    private int _longest;

    public override bool IsEmpty => _count == 0;

    public override void Add(int rowStart, int rowEnd, FormWeights weights)
    {
        var prompt = (AttentionPromptWeights)weights;
        _segments[_count++] = new AttentionPromptSegment(rowStart, rowEnd, prompt);
        _longest = Math.Max(_longest, prompt.Count);
    }

    public override void Run(in SiteOperands operands, IParallel parallel)
    {
        var memory = workspace.Ensure(AttentionPrompt.WorkspaceBytes(_count, _segments[0].Weights.HeadSize, _longest, parallel.Threads));
        AttentionPrompt.Add(operands.Queries, operands.X, _segments.AsSpan(0, _count), memory, parallel);
        (_count, _longest) = (0, 0);
    }
}
