namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// Tokens [TokenStart, TokenStart + Tokens) of one sequence with the heads of some KV heads, over the chunks [ChunkStart, ChunkEnd).
/// An item is one piece, or several pieces of one chunk range each.
/// </summary>
internal unsafe struct AttentionPiece
{
    public int Sequence;
    public int HeadStart;

    /// <summary>KV heads that are taken together, because they stand together in the cache.</summary>
    public int HeadCount;
    public int TokenStart;
    public int Tokens;
    public int ChunkStart;
    public int ChunkEnd;

    /// <summary>Where the first chunk's result goes; null when the piece is a whole item and finishes its output itself.</summary>
    public byte* Partials;

    /// <summary>Cost of all pieces before this one.</summary>
    public long Start;
}
