using AdapterServe.Engine.KvCache;

namespace AdapterServe.Engine.Tests.KvCache;

public sealed class BlockPoolTests
{
    [Fact]
    public void A_failed_reservation_changes_nothing()
    {
        var pool = new BlockPool(4, 2);
        var table = new BlockTable(8);
        var reservation = new BlockReservation(pool);
        var hash = BlockHash.Root("t", null).Next([1, 2]);
        pool.TryTake(out var remembered);
        pool.Remember(remembered, hash);
        pool.Release(remembered);

        using (reservation.Begin(table))
        {
            Assert.True(reservation.TryShare(hash));
            Assert.False(reservation.TryGrowTo(5));
        }

        Assert.Equal(0, table.Count);
        Assert.Equal(4, pool.FreeBlocks);
        Assert.True(pool.TryShare(hash, out _), "remembered content was lost");
        pool.CheckLaws();
    }

    [Fact]
    public void Content_is_forgotten_least_recently_used_first_and_blocks_without_content_go_before()
    {
        var pool = new BlockPool(3, 2);
        var hashes = Enumerable.Range(0, 2).Select(i => BlockHash.Root("t", null).Next([i, i])).ToArray();
        int[] taken = [Take(pool), Take(pool), Take(pool)];
        pool.Remember(taken[0], hashes[0]);
        pool.Remember(taken[1], hashes[1]);
        pool.Release(taken[0]);
        pool.Release(taken[1]);
        pool.Release(taken[2]);

        Assert.Equal(taken[2], Take(pool));
        Assert.Equal(taken[0], Take(pool));
        Assert.False(pool.TryShare(hashes[0], out _));
        Assert.True(pool.TryShare(hashes[1], out var shared));
        Assert.Equal(taken[1], shared);
    }

    [Fact]
    public void A_shared_block_is_free_only_after_its_last_owner()
    {
        var pool = new BlockPool(1, 2);
        var block = Take(pool);
        pool.Remember(block, BlockHash.Root("t", "d"));
        pool.TryShare(BlockHash.Root("t", "d"), out _);
        pool.Release(block);
        Assert.Equal(0, pool.FreeBlocks);
        pool.Release(block);
        Assert.Equal(1, pool.FreeBlocks);
        Assert.Throws<InvalidOperationException>(() => pool.Release(block));
    }

    [Fact]
    public void Hashes_differ_by_tenant_adapter_and_every_token()
    {
        BlockHash[] hashes =
        [
            BlockHash.Root("t", null), BlockHash.Root("t", "d"), BlockHash.Root("td", null), BlockHash.Root("u", null),
            BlockHash.Root("t", null).Next([1, 2]), BlockHash.Root("t", null).Next([2, 1]), BlockHash.Root("t", null).Next([1]).Next([2]),
        ];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    private static int Take(BlockPool pool)
    {
        Assert.True(pool.TryTake(out var block));
        return block;
    }
}
