using System.Collections.Concurrent;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Cache;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Cache;

/// <summary>The cache's laws, on weights of a hundred 64-byte lines each in a cache that holds three of them.</summary>
public sealed class AdapterCacheTests : IDisposable
{
    private const long Size = 6400;

    private readonly ConcurrentDictionary<string, int> _loads = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _holds = new();
    private readonly ConcurrentDictionary<string, TimeSpan> _loadTimes = new();
    private readonly AdapterCache _cache;

    public AdapterCacheTests() => _cache = new AdapterCache(3 * Size, Load);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Weights_stay_in_memory_after_the_lease_and_are_found_there()
    {
        (await AcquireAsync("a")).Dispose();
        var again = _cache.AcquireAsync(Version("a"), Cancellation);
        Assert.True(again.IsCompletedSuccessfully);
        (await again).Dispose();
        Assert.Equal((1, 1, 0L, Size), (_cache.Statistics.Loads, _cache.Statistics.Hits, _cache.Statistics.PinnedBytes, _cache.Statistics.IdleBytes));
    }

    [Fact]
    public async Task Any_number_of_requests_share_one_load()
    {
        var hold = Hold("a");
        var waiting = Enumerable.Range(0, 20).Select(_ => AcquireAsync("a")).ToList();
        Assert.All(waiting, task => Assert.False(task.IsCompleted));
        hold.SetResult();
        var leases = await Task.WhenAll(waiting);
        Assert.Equal(1, _loads["a"]);
        Assert.Single(leases.Select(lease => lease.Weights).Distinct());
        Assert.Equal(Size, _cache.Statistics.PinnedBytes);
        DisposeAll(leases);
        Assert.Equal((0L, Size), (_cache.Statistics.PinnedBytes, _cache.Statistics.IdleBytes));
    }

    [Fact]
    public async Task The_least_recently_used_idle_weights_make_room()
    {
        foreach (var name in new[] { "a", "b", "c", "a" })
        {
            (await AcquireAsync(name)).Dispose();
        }

        (await AcquireAsync("d")).Dispose();
        Assert.True(_cache.Contains(Digest("a")));
        Assert.False(_cache.Contains(Digest("b")));
        Assert.True(_cache.Contains(Digest("c")));
        Assert.Equal((1, 3 * Size), (_cache.Statistics.Evictions, _cache.Statistics.IdleBytes));
    }

    [Fact]
    public async Task What_takes_long_to_reload_outlives_what_is_quickly_back_but_not_for_ever()
    {
        _loadTimes["slow"] = TimeSpan.FromSeconds(3.5);
        foreach (var name in new[] { "b", "c", "d", "e" })
        {
            _loadTimes[name] = TimeSpan.FromSeconds(1);
        }

        var evictedBefore = 0;
        await _cache.LoadAsync(Version("slow"), Cancellation);
        while (_cache.Contains(Digest("slow")))
        {
            await _cache.LoadAsync(Version(((char)('b' + (evictedBefore++ % 4))).ToString()), Cancellation);
            Assert.InRange(evictedBefore, 1, 12);
        }

        // Two fit beside it; of the others one goes for each load, and a second of the clock passes with every round of two.
        Assert.Equal(9, evictedBefore);
    }

    [Fact]
    public async Task Of_adapters_that_take_equally_long_to_reload_the_larger_goes_first()
    {
        _loadTimes["a"] = _loadTimes["large"] = _loadTimes["b"] = TimeSpan.FromSeconds(1);
        await _cache.LoadAsync(Version("a"), Cancellation);
        await _cache.LoadAsync(Version("large", 2 * Size), Cancellation);
        await _cache.LoadAsync(Version("b"), Cancellation);
        Assert.Equal((true, false, true), (_cache.Contains(Digest("a")), _cache.Contains(Digest("large")), _cache.Contains(Digest("b"))));
    }

    [Fact]
    public async Task An_adapter_larger_than_the_cache_is_used_alone_and_leaves_with_its_last_lease()
    {
        using var cache = new AdapterCache(Size, Load);
        var small = await cache.AcquireAsync(Version("a"), Cancellation);
        var large = cache.AcquireAsync(Version("large", 2 * Size), Cancellation).AsTask();
        var behind = cache.AcquireAsync(Version("b"), Cancellation).AsTask();
        Assert.Equal(2, cache.Statistics.Waiting);
        small.Dispose();
        using (await large)
        {
            Assert.Equal((2 * Size, 0L, 1), (cache.Statistics.PinnedBytes, cache.Statistics.IdleBytes, cache.Statistics.Waiting));
        }

        using var last = await behind;
        Assert.Equal((Size, 0L, false), (cache.Statistics.PinnedBytes, cache.Statistics.IdleBytes, cache.Contains(Digest("large"))));
    }

    [Fact]
    public async Task A_load_that_waits_too_long_is_let_in_before_new_requests_for_what_is_in_use()
    {
        var time = new ManualTime();
        using var cache = new AdapterCache(3 * Size, Load, time);
        ValueTask<AdapterLease> Acquire(string name, long bytes = Size) => cache.AcquireAsync(Version(name, bytes), Cancellation);
        var hot = await Acquire("a");
        using var other = await Acquire("b");
        var large = Acquire("large", 3 * Size).AsTask();
        time.Pass(AdapterCache.Patience / 2);
        var again = Acquire("a");
        Assert.True(again.IsCompletedSuccessfully, "Others need not wait yet.");
        hot.Dispose();
        hot = await again;

        time.Pass(AdapterCache.Patience / 2);
        var held = Acquire("a").AsTask();
        Assert.False(held.IsCompleted);
        using var next = await cache.AcquireAsync(Version("b"), holdsOthers: true, Cancellation);
        next.Dispose();
        other.Dispose();
        hot.Dispose();
        (await large).Dispose();
        (await held).Dispose();
    }

    [Fact]
    public async Task Requests_that_wait_for_a_load_go_on_when_it_is_given_up()
    {
        var time = new ManualTime();
        using var cache = new AdapterCache(2 * Size, Load, time);
        using var hot = await cache.AcquireAsync(Version("a"), Cancellation);
        using var giveUp = new CancellationTokenSource();
        var large = cache.AcquireAsync(Version("large", 2 * Size), giveUp.Token).AsTask();
        time.Pass(AdapterCache.Patience);
        var held = cache.AcquireAsync(Version("a"), Cancellation).AsTask();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await held).Dispose();
        Assert.Equal(1, _loads["a"]);
    }

    [Fact]
    public async Task Who_holds_others_goes_to_the_head_of_the_line()
    {
        var held = new List<AdapterLease> { await AcquireAsync("a"), await AcquireAsync("b"), await AcquireAsync("c") };
        var large = _cache.AcquireAsync(Version("large", 3 * Size), Cancellation).AsTask();
        var second = _cache.AcquireAsync(Version("d"), holdsOthers: true, Cancellation).AsTask();
        held[0].Dispose();
        (await second).Dispose();
        Assert.False(large.IsCompleted);
        DisposeAll(held);
        (await large).Dispose();
    }

    [Fact]
    public async Task Dropping_a_content_drops_all_of_its_tasks_and_no_other_content()
    {
        using var cache = new AdapterCache(10 * Size, Load);
        foreach (var name in new[] { "ab#0", "ab#12", "ab", "abc", "aa#1" })
        {
            await cache.LoadAsync(Version(name), Cancellation);
        }

        using (await cache.AcquireAsync(Version("ab#7"), Cancellation))
        {
            cache.UnloadContent(Digest("ab"));
            Assert.True(cache.Contains(Digest("ab#7")));
        }

        Assert.Equal(2 * Size, cache.Statistics.IdleBytes);
        Assert.True(cache.Contains(Digest("abc")) && cache.Contains(Digest("aa#1")));
    }

    [Fact]
    public async Task Offered_weights_that_can_not_fit_drop_nothing()
    {
        await _cache.LoadAsync(Version("a"), Cancellation);
        using var b = await AcquireAsync("b");
        using var c = await AcquireAsync("c");
        _cache.Offer(Make("large"));
        Assert.True(_cache.Contains(Digest("a")));
    }

    [Fact]
    public async Task Weights_in_use_are_never_the_ones_to_go()
    {
        using var pinned = await AcquireAsync("a");
        foreach (var name in new[] { "b", "c", "d", "e", "f" })
        {
            (await AcquireAsync(name)).Dispose();
        }

        Assert.True(_cache.Contains(Digest("a")));
        Assert.Equal(Size, pinned.Weights.Bytes);
        Assert.Equal(3, _cache.Statistics.Evictions);
    }

    [Fact]
    public async Task With_everything_in_use_loads_wait_first_come_first_served()
    {
        var held = new List<AdapterLease> { await AcquireAsync("a"), await AcquireAsync("b"), await AcquireAsync("c") };
        var first = AcquireAsync("d");
        var second = AcquireAsync("e");
        Assert.Equal((2, 3), (_cache.Statistics.Waiting, _cache.Statistics.Loads));

        held[1].Dispose();
        using var third = await first;
        Assert.Equal((1, false), (_cache.Statistics.Waiting, second.IsCompleted));
        held[0].Dispose();
        using var fourth = await second;
        Assert.Equal((0, 3 * Size), (_cache.Statistics.Waiting, _cache.Statistics.PinnedBytes));
        held[2].Dispose();
    }

    [Fact]
    public async Task A_large_load_at_the_head_is_not_overtaken_by_small_ones()
    {
        var held = new List<AdapterLease> { await AcquireAsync("a"), await AcquireAsync("b"), await AcquireAsync("c") };
        var large = _cache.AcquireAsync(Version("large", 2 * Size), Cancellation).AsTask();
        var small = AcquireAsync("d");
        held[0].Dispose();
        Assert.False(_cache.Contains(Digest("a")), "The room that the head of the line waits for is kept free.");
        Assert.False(small.IsCompleted);
        held[1].Dispose();
        using var lease = await large;
        Assert.False(small.IsCompleted);
        held[2].Dispose();
        using var last = await small;
    }

    [Fact]
    public async Task A_wait_for_room_that_is_given_up_lets_the_next_one_in()
    {
        var held = new List<AdapterLease> { await AcquireAsync("a"), await AcquireAsync("b"), await AcquireAsync("c") };
        using var giveUp = new CancellationTokenSource();
        var first = _cache.AcquireAsync(Version("d"), giveUp.Token).AsTask();
        var second = AcquireAsync("e");
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(1, _cache.Statistics.Waiting);
        held[0].Dispose();
        (await second).Dispose();
        Assert.False(_loads.ContainsKey("d"));
        DisposeAll(held);
    }

    [Fact]
    public async Task A_load_that_is_given_up_goes_on_for_the_others()
    {
        var hold = Hold("a");
        using var giveUp = new CancellationTokenSource();
        var first = _cache.AcquireAsync(Version("a"), giveUp.Token).AsTask();
        var second = AcquireAsync("a");
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        hold.SetResult();
        using var lease = await second;
        Assert.Equal(1, _loads["a"]);
        lease.Dispose();
        Assert.Equal((0L, Size), (_cache.Statistics.PinnedBytes, _cache.Statistics.IdleBytes));
    }

    [Fact]
    public async Task A_failed_load_is_told_to_everyone_and_tried_again_next_time()
    {
        var hold = Hold("a");
        var waiting = Enumerable.Range(0, 3).Select(_ => AcquireAsync("a")).ToList();
        hold.SetException(new AdapterStoreException(AdapterErrorKind.Unservable, "broken", "Broken."));
        foreach (var task in waiting)
        {
            Assert.Equal("broken", (await Assert.ThrowsAsync<AdapterStoreException>(() => task)).Code);
        }

        _holds.Clear();
        using var lease = await AcquireAsync("a");
        Assert.Equal((2, 1, Size), (_cache.Statistics.Loads, _cache.Statistics.FailedLoads, _cache.Statistics.PinnedBytes));
    }

    [Fact]
    public async Task An_estimate_that_was_wrong_is_corrected()
    {
        using (await _cache.AcquireAsync(Version("large", 10), Cancellation))
        {
            Assert.Equal(2 * Size, _cache.Statistics.PinnedBytes);
        }

        Assert.Equal((0L, 2 * Size), (_cache.Statistics.PinnedBytes, _cache.Statistics.IdleBytes));
    }

    [Fact]
    public async Task Unloading_waits_for_the_last_lease()
    {
        var first = await AcquireAsync("a");
        var second = await AcquireAsync("a");
        _cache.Unload(Digest("a"));
        first.Dispose();
        first.Dispose();
        Assert.Equal(Size, _cache.Statistics.PinnedBytes);
        second.Dispose();
        Assert.Equal((0L, 0L), (_cache.Statistics.PinnedBytes, _cache.Statistics.IdleBytes));
        Assert.False(_cache.Contains(Digest("a")));
    }

    [Fact]
    public async Task Unloading_idle_weights_drops_them_at_once()
    {
        await _cache.LoadAsync(Version("a"), Cancellation);
        Assert.Equal(Size, _cache.Statistics.IdleBytes);
        _cache.Unload(Digest("a"));
        _cache.Unload(Digest("never seen"));
        Assert.Equal((0L, 1), (_cache.Statistics.IdleBytes, _cache.Statistics.Evictions));
    }

    [Fact]
    public async Task A_pin_keeps_weights_until_they_are_unloaded()
    {
        await _cache.PinAsync(Version("a"), Cancellation);
        await _cache.PinAsync(Version("a"), Cancellation);
        foreach (var name in new[] { "b", "c", "d", "e" })
        {
            (await AcquireAsync(name)).Dispose();
        }

        Assert.Equal((1, Size), (_loads["a"], _cache.Statistics.PinnedBytes));
        _cache.Unload(Digest("a"));
        Assert.Equal(0, _cache.Statistics.PinnedBytes);
        Assert.False(_cache.Contains(Digest("a")));
    }

    [Fact]
    public async Task Pins_never_take_more_than_half_of_the_cache()
    {
        await _cache.PinAsync(Version("a"), Cancellation);
        var error = await Assert.ThrowsAsync<AdapterStoreException>(() => _cache.PinAsync(Version("b"), Cancellation));
        Assert.Equal((AdapterErrorKind.Conflict, "pin_limit"), (error.Kind, error.Code));
        Assert.Equal((Size, Size), (_cache.Statistics.PinnedBytes, _cache.Statistics.IdleBytes));
    }

    [Fact]
    public async Task Offered_weights_are_kept_only_where_there_is_room_beside_what_is_in_use()
    {
        using var a = await AcquireAsync("a");
        using var b = await AcquireAsync("b");
        _cache.Offer(Make("c"));
        Assert.True(_cache.Contains(Digest("c")));
        using var c = await AcquireAsync("c");
        _cache.Offer(Make("d"));
        Assert.False(_cache.Contains(Digest("d")));
        Assert.Equal(2, _cache.Statistics.Loads);
    }

    [Fact]
    public async Task Under_any_traffic_the_capacity_holds_and_every_lease_sees_its_own_live_weights()
    {
        var worst = 0L;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 300; i++)
            {
                var name = ((char)('a' + random.Next(7))).ToString();
                using var lease = await AcquireAsync(name);
                Assert.Equal(Digest(name), lease.Weights.Digest);
                Assert.Equal(Size, lease.Weights.Bytes);
                var now = _cache.Statistics;
                InterlockedMax(ref worst, now.PinnedBytes + now.IdleBytes);
                if (random.Next(20) == 0)
                {
                    _cache.Unload(Digest(name));
                }

                await Task.Yield();
            }
        })));
        Assert.InRange(worst, Size, 3 * Size);
        Assert.Equal((0L, 0), (_cache.Statistics.PinnedBytes, _cache.Statistics.Waiting));
    }

    public void Dispose() => _cache.Dispose();

    private static string Digest(string name) => "sha256:" + name;

    private static AdapterVersion Version(string name, long bytes = Size) => new("acme", name, 1, Digest(name), bytes);

    private static AdapterWeights Make(string name)
    {
        var arena = new WeightArena();
        unsafe
        {
            arena.Allocate(name == "large" ? 2 * Size : Size);
        }

        return new AdapterWeights(Digest(name), [], arena);
    }

    private static void DisposeAll(IEnumerable<AdapterLease> leases)
    {
        foreach (var lease in leases)
        {
            lease.Dispose();
        }
    }

    private static void InterlockedMax(ref long target, long value)
    {
        long seen;
        while ((seen = Interlocked.Read(ref target)) < value)
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }

    private Task<AdapterLease> AcquireAsync(string name) => _cache.AcquireAsync(Version(name), Cancellation).AsTask();

    private TaskCompletionSource Hold(string name) => _holds.GetOrAdd(name, _ => new TaskCompletionSource());

    private AdapterWeights Load(string digest)
    {
        var name = digest["sha256:".Length..];
        _loads.AddOrUpdate(name, 1, (_, count) => count + 1);
        if (_holds.TryGetValue(name, out var hold))
        {
            hold.Task.GetAwaiter().GetResult();
        }

        var weights = Make(name);
        weights.LoadTime = _loadTimes.GetValueOrDefault(name);
        return weights;
    }
}
