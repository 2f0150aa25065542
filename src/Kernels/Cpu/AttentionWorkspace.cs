using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// How the workspace of <see cref="PagedAttention"/> is divided; all offsets in bytes, multiples of 64.
/// Queries [KvHeads, T, group, D] · pieces · splits · partial results of split items · one scratch a task.
/// </summary>
internal readonly unsafe struct AttentionWorkspace
{
    /// <summary>Positions that share one maximum; chunks start at multiples of it.</summary>
    public const int Chunk = 64;

    /// <summary>Chunks, from a multiple of it, that are merged with one another before they are merged with the rest; splits fall between spans.</summary>
    public const int Span = 8;

    /// <summary>Query rows (tokens x heads of a group) that share one pass over keys and values.</summary>
    public const int RowTile = 32;

    // A chunk of the keys of one piece should take a part of the second-level cache, with its values.
    private const int ChunkBytes = 256 << 10;
    private const int SplitsPerThread = 4;
    private const int Alignment = 64;

    public long Pieces { get; private init; }

    public long Splits { get; private init; }

    public long Partials { get; private init; }

    public long Scratch { get; private init; }

    public long ScratchBytes { get; private init; }

    public long Total { get; private init; }

    /// <summary>An item is split over several tasks when it is more than this part of the whole work.</summary>
    public int SplitParts { get; private init; }

    public static AttentionWorkspace Measure(int tokens, int sequences, int maxContext, int heads, int kvHeads, int headSize, int threads)
    {
        var group = heads / kvHeads;
        var tileTokens = Math.Max(1, RowTile / group);
        var items = kvHeads * (((long)tokens / tileTokens) + sequences);
        var rows = Math.Min(tileTokens, tokens) * group;
        var headsTogether = HeadsTogether(kvHeads, headSize);
        var parts = threads <= 1 ? 0 : threads * SplitsPerThread;
        var splits = Math.Min(parts, items);
        var spans = ((long)maxContext + (Chunk * Span) - 1) / (Chunk * Span);
        var pieces = Align((long)tokens * heads * headSize * sizeof(float));
        var splitsAt = pieces + Align((items + (3L * parts)) * sizeof(AttentionPiece));
        var partials = splitsAt + Align(splits * sizeof(AttentionPiece));
        var scratch = partials + (splits * spans * headsTogether * PartialBytes(group, headSize));
        var scratchBytes = AttentionScratch.Measure(rows, headsTogether, group, headSize);
        return new AttentionWorkspace
        {
            Pieces = pieces,
            Splits = splitsAt,
            Partials = partials,
            Scratch = scratch,
            ScratchBytes = scratchBytes,
            SplitParts = parts,
            // The caller's pointer may have any alignment.
            Total = scratch + (scratchBytes * Math.Max(1, threads) * WorkSplit.TasksPerThread) + Alignment,
        };
    }

    /// <summary>KV heads of a decoding token that are taken together.</summary>
    public static int HeadsTogether(int kvHeads, int headSize) => Math.Clamp(ChunkBytes / (Chunk * sizeof(float) * headSize), 1, kvHeads);

    public static long Align(long bytes) => (bytes + Alignment - 1) & -Alignment;

    /// <summary>One chunk's or span's result: sums [rows, D padded], then maxima and weights [rows] each.</summary>
    public static long PartialBytes(int rows, int headSize) => Align(((long)rows * (Packing.RoundUp(headSize) + 2)) * sizeof(float));
}
