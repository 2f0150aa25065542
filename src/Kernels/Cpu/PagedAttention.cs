using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// One attention layer over a paged KV cache, for prefill and decode tokens of many sequences at once.
/// <b>Semantics</b>: token i of sequence b stands at position p = past[b] + i. Its q and k are rotated by p - offset[b] (pairs (j, j + RotaryDims / 2)
/// become (a cos - b sin, b cos + a sin)); k and v are written to slot p % BlockSize of block block_table[b, p / BlockSize]; then
/// output = sum over visible positions j &lt;= p of softmax_j(cap(Scale q.k_j)) v_j. Query head h reads KV head h / (Heads / KvHeads).
/// <b>Shapes</b>: on <see cref="PagedAttentionArguments"/>; any head size, block size and group.
/// <b>Units, dtype, layout</b>: f32; positions are taken in chunks that start at multiples of 64, each with its own maximum, and
/// merged in order, first within spans of eight, so a token's bits depend neither on how its prompt was cut into steps nor on neighbours, threads or split.
/// <b>Effects</b>: writes output and the new slots of both caches; no allocation. Two sequences must not own the same block of a new slot.
/// <b>Errors</b>: <see cref="ArgumentException"/> for a size, length, position or block index out of its range, before anything is written.
/// <b>Source</b>: ours; online softmax as in FlashAttention (arXiv:2205.14135), blocks as in PagedAttention (arXiv:2309.06180).
/// </summary>
public static unsafe class PagedAttention
{
    /// <summary>Bytes of workspace that suffice for a step of at most these sizes; <paramref name="maxContext"/> is the longest past + new.</summary>
    public static long WorkspaceBytes(int tokens, int sequences, int maxContext, int heads, int kvHeads, int headSize, int threads) =>
        AttentionWorkspace.Measure(tokens, sequences, maxContext, heads, kvHeads, headSize, threads).Total;

    public static void Run(in PagedAttentionArguments arguments, void* workspace, IParallel parallel)
    {
        var longest = Check(arguments);
        if (arguments.Tokens == 0)
        {
            return;
        }

        var layout = AttentionWorkspace.Measure(
            arguments.Tokens, arguments.Sequences, longest, arguments.Heads, arguments.KvHeads, arguments.HeadSize, parallel.Threads);
        var call = new AttentionCall(arguments, layout, workspace);
        SimdDispatch.Run(ref call, parallel);
    }

    /// <summary>Returns the longest context of the step.</summary>
    private static int Check(in PagedAttentionArguments a)
    {
        CheckSizes(a);
        var longest = 0;
        for (var b = 0; b < a.Sequences; b++)
        {
            var from = a.CumulativeLengths[b];
            Shape.RequireRange("PagedAttention", "cumulative_sequence_lengths", from, (long)a.Tokens + 1, a.CumulativeLengths[b + 1]);
            Shape.RequireRange("PagedAttention", "past_sequence_lengths", 0, int.MaxValue, a.PastLengths[b]);
            var length = (long)a.PastLengths[b] + a.CumulativeLengths[b + 1] - from;
            Shape.RequireRange("PagedAttention", "sequence length", 0, ((long)a.MaxBlocksPerSequence * a.BlockSize) + 1, length);
            var offset = a.RotaryOffsets == null ? 0 : a.RotaryOffsets[b];
            Shape.RequireRange("PagedAttention", "rotary_offsets", -(long)a.MaxPositions, (long)a.PastLengths[b] + 1, offset);
            if (a.RotaryDims > 0)
            {
                Shape.RequireRange("PagedAttention", "sequence length", 0, (long)a.MaxPositions + 1, length - offset);
            }

            CheckBlocks(a, a.BlockTable + ((nint)b * a.MaxBlocksPerSequence), (int)((length + a.BlockSize - 1) / a.BlockSize));
            longest = Math.Max(longest, (int)length);
        }

        Shape.Require("PagedAttention", "last cumulative_sequence_lengths", a.Tokens, a.CumulativeLengths[a.Sequences]);
        return longest;
    }

    private static void CheckSizes(in PagedAttentionArguments a)
    {
        Shape.RequireRange("PagedAttention", "tokens", 0, int.MaxValue, a.Tokens);
        Shape.RequireRange("PagedAttention", "sequences", 0, int.MaxValue, a.Sequences);
        Shape.RequireRange("PagedAttention", "KV heads", 1, int.MaxValue, a.KvHeads);
        Shape.RequireRange("PagedAttention", "heads", 1, int.MaxValue, a.Heads);
        Shape.Require("PagedAttention", "heads modulo KV heads", 0, a.Heads % a.KvHeads);
        Shape.RequireRange("PagedAttention", "head size", 1, int.MaxValue, a.HeadSize);
        Shape.RequireRange("PagedAttention", "rotary dimensions", 0, (long)a.HeadSize + 1, a.RotaryDims);
        Shape.Require("PagedAttention", "rotary dimensions modulo 2", 0, a.RotaryDims % 2);
        Shape.RequireRange("PagedAttention", "block size", 1, int.MaxValue, a.BlockSize);
        Shape.RequireRange("PagedAttention", "window", 0, int.MaxValue, a.Window);
        Shape.Require("PagedAttention", "first cumulative_sequence_lengths", 0, a.CumulativeLengths[0]);
    }

    private static void CheckBlocks(in PagedAttentionArguments a, int* table, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if ((uint)table[i] >= (uint)a.NumBlocks)
            {
                Shape.RequireRange("PagedAttention", "block_table", 0, a.NumBlocks, table[i]);
            }
        }
    }
}
