using System.Collections.Concurrent;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Cache;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Composition;

/// <summary>How combinations hold their adapters, on weights of a hundred 64-byte lines each in a cache that holds four of them.</summary>
public sealed class CompositionPoolTests : IDisposable
{
    private const long Size = 6400;

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _holds = new();
    private readonly AdapterCache _cache;
    private readonly CompositionPool _pool;

    public CompositionPoolTests()
    {
        _cache = new AdapterCache(4 * Size, Load);
        _pool = new CompositionPool(_cache);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Equal_combinations_in_use_are_one_object_and_the_last_lease_ends_the_pins()
    {
        var first = await AcquireAsync("ab");
        var second = await AcquireAsync("ab");
        Assert.Same(first.Weights, second.Weights);
        first.Dispose();
        first.Dispose();
        Assert.Equal(2 * Size, _cache.Statistics.PinnedBytes);
        second.Dispose();
        Assert.Equal(0, _cache.Statistics.PinnedBytes);
        using var later = await AcquireAsync("ab");
        Assert.NotSame(first.Weights, later.Weights);
    }

    [Fact]
    public async Task Of_two_that_are_made_at_the_same_time_one_is_kept()
    {
        var (first, second) = (AcquireAsync("ab"), AcquireAsync("ab"));
        Assert.Same((await first).Weights, (await second).Weights);
        (await first).Dispose();
        Assert.Equal(2 * Size, _cache.Statistics.PinnedBytes);
        (await second).Dispose();
        Assert.Equal(0, _cache.Statistics.PinnedBytes);
    }

    [Fact]
    public async Task Combinations_never_wait_for_each_others_half()
    {
        var leases = Enumerable.Range(0, 40).Select(i => Task.Run(
            async () =>
            {
                using var lease = await AcquireAsync($"{(char)('a' + (i % 7))}{(char)('h' + (i % 5))}");
                await Task.Yield();
            },
            Cancellation));
        await Task.WhenAll(leases).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal(0, _cache.Statistics.PinnedBytes);
    }

    [Fact]
    public async Task More_than_half_of_the_cache_is_refused()
    {
        var error = await Assert.ThrowsAsync<AdapterStoreException>(() => AcquireAsync("abc"));
        Assert.Equal((AdapterErrorKind.TooLarge, "adapters_too_large"), (error.Kind, error.Code));
        using var lease = await AcquireAsync("aab");
        Assert.Equal(2 * Size, _cache.Statistics.PinnedBytes);
    }

    [Fact]
    public async Task A_load_or_a_making_that_fails_or_is_cancelled_ends_the_pins()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => AcquireAsync("a!"));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => _pool.AcquireAsync("other", [Version('a')], _ => throw new InvalidOperationException("no"), Cancellation));
        var hold = _holds["z"] = new TaskCompletionSource();
        using var cancellation = new CancellationTokenSource();
        var waiting = _pool.AcquireAsync("az", [Version('a'), Version('z')], _ => [], cancellation.Token);
        cancellation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        hold.SetResult();
        using var next = await AcquireAsync("ab");
        using var z = await _cache.AcquireAsync(Version('z'), Cancellation);
        Assert.Equal(3 * Size, _cache.Statistics.PinnedBytes);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _cache.Dispose();
    }

    private static AdapterVersion Version(char name) => new("acme", $"{name}", 1, $"{name}", Size);

    private Task<AdapterLease> AcquireAsync(string names) => _pool.AcquireAsync(names, [.. names.Select(Version)], _ => new FormWeights[]?[1], Cancellation);

    private AdapterWeights Load(string digest)
    {
        if (_holds.TryGetValue(digest, out var hold))
        {
            hold.Task.Wait(Cancellation);
        }

        if (digest == "!")
        {
            throw new InvalidOperationException("No such file.");
        }

        var arena = new WeightArena();
        unsafe
        {
            arena.Allocate(Size);
        }

        return new AdapterWeights(digest, [], arena);
    }
}
