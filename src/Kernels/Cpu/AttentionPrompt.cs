using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// Attention to learned keys and values, beside that to the sequence's own and with a softmax of its own.
/// <b>Semantics</b>: for every segment s, row t in it and query head h, with g = h / (Heads / KvHeads):
/// y[t, h] += gate_s * sum over j of softmax_j(rotate(q[t, h], position[t]) . k_s[j, g] / sqrt(HeadSize)) v_s[j, g].
/// Rows in no segment are not touched.
/// <b>Shapes</b>: y, q [T, Heads * HeadSize]; any head size, group and number of keys. <b>Units, dtype, layout</b>: f32 row-major, any alignment.
/// A row's result has the same bits whatever its neighbours, its place and the number of threads.
/// <b>Effects</b>: changes y in place, which must not overlap q; no allocation; the caller keeps the weights' arenas alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> for segments of different heads, rows that run backwards or a position without angles,
/// before anything is written.
/// <b>Source</b>: ours; LLaMA-Adapter (arXiv:2303.16199).
/// </summary>
public static unsafe class AttentionPrompt
{
    /// <summary>Bytes of workspace that suffice for segments of at most <paramref name="longest"/> keys.</summary>
    public static long WorkspaceBytes(int segments, int headSize, int longest, int threads) =>
        ((long)segments * sizeof(AttentionPromptWork)) + (AttentionPromptCall.ScratchFloats(headSize, longest) * sizeof(float) * MaxTasks(threads));

    public static void Add(in RotaryQueries queries, float* y, ReadOnlySpan<AttentionPromptSegment> segments, void* workspace, IParallel parallel)
    {
        if (segments.IsEmpty)
        {
            return;
        }

        Check(queries, segments);
        var call = new AttentionPromptCall(queries, y, segments, workspace);
        SimdDispatch.Run(ref call, parallel);
    }

    private static int MaxTasks(int threads) => Math.Max(1, threads) * WorkSplit.TasksPerThread;

    private static void Check(in RotaryQueries queries, ReadOnlySpan<AttentionPromptSegment> segments)
    {
        var first = segments[0].Weights;
        Shape.RequireRange("AttentionPrompt", "rotary dimensions", 0, (long)first.HeadSize + 1, queries.RotaryDims);
        Shape.Require("AttentionPrompt", "rotary dimensions modulo 2", 0, queries.RotaryDims % 2);
        foreach (var segment in segments)
        {
            Shape.RequireRange("AttentionPrompt", "row start", 0, int.MaxValue, segment.RowStart);
            Shape.RequireRange("AttentionPrompt", "row end", segment.RowStart, int.MaxValue, segment.RowEnd);
            Shape.Require("AttentionPrompt", "heads", first.Heads, segment.Weights.Heads);
            Shape.Require("AttentionPrompt", "KV heads", first.KvHeads, segment.Weights.KvHeads);
            Shape.Require("AttentionPrompt", "head size", first.HeadSize, segment.Weights.HeadSize);
            for (var row = segment.RowStart; row < segment.RowEnd && queries.RotaryDims > 0; row++)
            {
                Shape.RequireRange("AttentionPrompt", "position", 0, queries.MaxPositions, queries.Positions[row]);
            }
        }
    }
}
