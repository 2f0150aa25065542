namespace AdapterServe.Engine.KvCache;

/// <summary>
/// Who owns which block of KV positions, and which free blocks still hold content that a later sequence may share.
/// <b>Semantics</b>: a block is owned by as many sequences as retain it, or free. Free blocks wait in a queue: those without remembered content
/// at its front, the others behind in the order in which they became free, so that the least recently used content is overwritten first.
/// <b>Laws</b>: free + owned = total; a block is in the queue exactly when nobody owns it. <b>Effects</b>: single-threaded; allocates nothing after construction.
/// </summary>
internal sealed class BlockPool
{
    private const int None = -1;
    private readonly int[] _owners;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly BlockHash[] _hashes;
    private readonly bool[] _remembered;
    private readonly Dictionary<BlockHash, int> _byHash;
    private int _head = None;
    private int _tail = None;

    public BlockPool(int totalBlocks, int blockTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(totalBlocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockTokens, 1);
        TotalBlocks = totalBlocks;
        BlockTokens = blockTokens;
        _owners = new int[totalBlocks];
        _next = new int[totalBlocks];
        _previous = new int[totalBlocks];
        _hashes = new BlockHash[totalBlocks];
        _remembered = new bool[totalBlocks];
        _byHash = new Dictionary<BlockHash, int>(totalBlocks);
        for (var block = 0; block < totalBlocks; block++)
        {
            Append(block);
        }
    }

    public int TotalBlocks { get; }

    public int BlockTokens { get; }

    public int FreeBlocks { get; private set; }

    public int OwnedBlocks => TotalBlocks - FreeBlocks;

    public int BlocksFor(int tokens) => (tokens + BlockTokens - 1) / BlockTokens;

    /// <summary>Takes one free block; its remembered content, if any, is forgotten.</summary>
    public bool TryTake(out int block)
    {
        block = _head;
        if (block == None)
        {
            return false;
        }

        Unlink(block);
        Forget(block);
        _owners[block] = 1;
        return true;
    }

    /// <summary>Adds an owner to the block that holds this content.</summary>
    public bool TryShare(in BlockHash hash, out int block)
    {
        if (!_byHash.TryGetValue(hash, out block))
        {
            return false;
        }

        if (_owners[block]++ == 0)
        {
            Unlink(block);
        }

        return true;
    }

    /// <summary>Removes an owner; without owners the block is free, its content remembered until the block is taken again.</summary>
    public void Release(int block)
    {
        if (_owners[block] <= 0)
        {
            throw new InvalidOperationException($"Block {block} is released more often than it was taken.");
        }

        if (--_owners[block] > 0)
        {
            return;
        }

        if (_remembered[block])
        {
            Append(block);
        }
        else
        {
            Prepend(block);
        }
    }

    /// <summary>Remembers what a full, owned block holds; the first block with some content keeps the name.</summary>
    public void Remember(int block, in BlockHash hash)
    {
        if (_byHash.TryAdd(hash, block))
        {
            _hashes[block] = hash;
            _remembered[block] = true;
        }
    }

    /// <summary>Throws when a law of this class is broken; for tests and debug builds.</summary>
    public void CheckLaws()
    {
        var free = 0;
        for (var block = _head; block != None; block = _next[block])
        {
            free++;
            Require(_owners[block] == 0, "a free block has an owner");
            Require(free <= TotalBlocks, "the free queue is a cycle");
        }

        Require(free == FreeBlocks, "the free count differs from the queue");
        Require(_owners.Count(owners => owners == 0) == FreeBlocks, "a block without owner is not in the queue");
        Require(_remembered.Count(remembered => remembered) == _byHash.Count, "remembered blocks and names differ");
    }

    private static void Require(bool holds, string broken)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"Block pool: {broken}.");
        }
    }

    private void Forget(int block)
    {
        if (_remembered[block])
        {
            _byHash.Remove(_hashes[block]);
            _remembered[block] = false;
        }
    }

    private void Append(int block)
    {
        (_previous[block], _next[block]) = (_tail, None);
        if (_tail == None)
        {
            _head = block;
        }
        else
        {
            _next[_tail] = block;
        }

        _tail = block;
        FreeBlocks++;
    }

    private void Prepend(int block)
    {
        (_previous[block], _next[block]) = (None, _head);
        if (_head == None)
        {
            _tail = block;
        }
        else
        {
            _previous[_head] = block;
        }

        _head = block;
        FreeBlocks++;
    }

    private void Unlink(int block)
    {
        var (previous, next) = (_previous[block], _next[block]);
        if (previous == None)
        {
            _head = next;
        }
        else
        {
            _next[previous] = next;
        }

        if (next == None)
        {
            _tail = previous;
        }
        else
        {
            _previous[next] = previous;
        }

        FreeBlocks--;
    }
}
