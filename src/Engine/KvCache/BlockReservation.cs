namespace AdapterServe.Engine.KvCache;

/// <summary>
/// Blocks being added to a sequence: <c>using var growth = reservation.Begin(table)</c>. Disposed without <see cref="Commit"/>, it gives back
/// what was added, so a failed reservation changes nothing. <b>Effects</b>: one reservation at a time; the object is reused.
/// </summary>
internal sealed class BlockReservation(BlockPool pool) : IDisposable
{
    private BlockTable? _table;
    private int _before;

    public BlockReservation Begin(BlockTable table)
    {
        if (_table is not null)
        {
            throw new InvalidOperationException("The previous reservation is still open.");
        }

        (_table, _before) = (table, table.Count);
        return this;
    }

    public bool TryShare(in BlockHash hash)
    {
        if (!pool.TryShare(hash, out var block))
        {
            return false;
        }

        _table!.Add(block);
        return true;
    }

    /// <summary>Takes free blocks until the sequence has <paramref name="blocks"/> of them, or none.</summary>
    public bool TryGrowTo(int blocks)
    {
        if (blocks - _table!.Count > pool.FreeBlocks)
        {
            return false;
        }

        while (_table.Count < blocks && pool.TryTake(out var block))
        {
            _table.Add(block);
        }

        return true;
    }

    public void Commit() => _table = null;

    public void Dispose()
    {
        _table?.ReleaseFrom(_before, pool);
        _table = null;
    }
}
