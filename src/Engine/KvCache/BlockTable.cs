namespace AdapterServe.Engine.KvCache;

/// <summary>
/// The blocks of one sequence, in order of position. <b>Laws</b>: block i holds positions [i·b, (i+1)·b) for b tokens a block.
/// <b>Effects</b>: room for the longest the sequence can become is allocated once.
/// </summary>
internal sealed class BlockTable(int capacity)
{
    private readonly int[] _blocks = new int[capacity];

    public int Count { get; private set; }

    public ReadOnlySpan<int> Blocks => _blocks.AsSpan(0, Count);

    public void Add(int block) => _blocks[Count++] = block;

    /// <summary>Gives the blocks from <paramref name="keep"/> on back, the last first, so that the start of a shared prefix is overwritten last.</summary>
    public void ReleaseFrom(int keep, BlockPool pool)
    {
        while (Count > keep)
        {
            pool.Release(_blocks[--Count]);
        }
    }
}
