using System.Diagnostics;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Tests.Postgres;

namespace AdapterServe.AdapterStore.Tests.Registry;

public sealed class SqliteReplicaTests() : ReplicaTests(registry: null);

public sealed class PostgresReplicaTests(PostgresServer postgres) : ReplicaTests(postgres.NewRegistry());

/// <summary>Two servers with one registry and one folder of files.</summary>
public abstract class ReplicaTests : IDisposable
{
    /// <summary>What a change may take to be usable elsewhere; it is promised within a second.</summary>
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(1);

    private readonly TestFolder _folder = new();
    private readonly AdapterStorage _here;
    private readonly AdapterStorage _there;

    protected ReplicaTests(string? registry)
    {
        Registry = registry ?? Path.Combine(_folder.Path, "shared.db");
        _here = Open("here");
        _there = Open("there");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Registry { get; }

    [Fact]
    public async Task A_change_at_one_is_seen_at_the_other_within_a_second()
    {
        await _here.PutAsync("a", new SmallLora(1).Files());
        await SeesAsync(_there, catalog => catalog.List("acme") is [{ Name: "a", Version: 1 }]);
        await _there.PutAsync("a", new SmallLora(2).Files());
        await SeesAsync(_here, catalog => catalog.List("acme") is [{ Version: 2 }]);
        await _here.Catalog.SetAliasAsync("acme", "a", "prod", "1", Cancellation);
        await SeesAsync(_there, catalog => catalog.Get("acme", "a", "1").Aliases is ["prod"]);
        await _there.Catalog.RemoveAliasAsync("acme", "a", "prod", Cancellation);
        await SeesAsync(_here, catalog => catalog.Get("acme", "a", "1").Aliases is []);
        await _here.Catalog.DeleteAsync("acme", "a", "1", Cancellation);
        await SeesAsync(_there, catalog => catalog.Versions("acme", "a") is [{ Version: 2 }]);
        await _there.Catalog.DeleteAsync("acme", "a", Cancellation);
        await SeesAsync(_here, catalog => catalog.List("acme") is []);
    }

    [Fact]
    public async Task What_one_stores_the_other_loads()
    {
        await _here.PutAsync("a", new SmallLora(1).Files());
        await SeesAsync(_there, catalog => catalog.List("acme").Count == 1);
        using var lease = await _there.Cache.AcquireAsync(_there.Catalog.Resolve("acme", "a"), Cancellation);
        Assert.Equal(_here.Catalog.Get("acme", "a").Digest, lease.Weights.Digest);
    }

    [Fact]
    public async Task A_change_counts_what_a_server_holds_in_its_own_format()
    {
        using var int8 = Open("int8", AdapterWeightFormat.Int8);
        for (var seed = 1; seed < 3; seed++)
        {
            await _here.PutAsync("a", new SmallLora(seed).Files());
            await int8.Catalog.TryCatchUpAsync(Cancellation);
            var version = int8.Catalog.Resolve("acme", "a");
            using var held = await int8.Cache.AcquireAsync(version, Cancellation);
            using var exact = await int8.Cache.AcquireAsync(version.Exactly(), Cancellation);
            Assert.Equal((seed, held.Weights.Bytes, exact.Weights.Bytes), (version.Number, version.WeightBytes, version.Exactly().WeightBytes));
            Assert.NotEqual(version.WeightsDigest, version.Exactly().WeightsDigest);
            Assert.Equal("int8", int8.Catalog.Get("acme", "a").Held);
            Assert.Null(_here.Catalog.Get("acme", "a").Held);
        }
    }

    [Fact]
    public async Task A_name_that_was_not_found_is_there_after_catching_up_without_any_wait()
    {
        for (var i = 0; i < 20; i++)
        {
            await _here.PutAsync($"a{i}", new SmallLora(1).Files());
            Assert.True(await _there.Catalog.TryCatchUpAsync(Cancellation));
            Assert.Equal(1, _there.Catalog.Resolve("acme", $"a{i}").Number);
        }
    }

    [Fact]
    public async Task Changes_at_both_at_once_are_all_kept_and_both_agree()
    {
        var puts = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => Task.Run(() => (i % 2 == 0 ? _here : _there).PutAsync($"a{i % 3}", new SmallLora(i / 3).Files()))));
        Assert.Equal(24, puts.Count(put => put.Created));
        await _here.Catalog.TryCatchUpAsync(Cancellation);
        await _there.Catalog.TryCatchUpAsync(Cancellation);
        for (var i = 0; i < 3; i++)
        {
            var versions = _here.Catalog.Versions("acme", $"a{i}").Select(version => (version.Version, version.Digest, version.Current)).ToList();
            Assert.Equal(Enumerable.Range(1, 8), versions.Select(version => version.Version));
            Assert.Equal(versions, _there.Catalog.Versions("acme", $"a{i}").Select(version => (version.Version, version.Digest, version.Current)));
        }
    }

    [Fact]
    public async Task Of_compare_and_swaps_at_both_exactly_one_wins()
    {
        var first = (await _here.PutAsync("a", new SmallLora(1).Files())).Descriptor.Digest;
        await _there.Catalog.TryCatchUpAsync(Cancellation);
        var outcomes = await Task.WhenAll(Enumerable.Range(2, 10).Select(seed => Task.Run(async () =>
        {
            try
            {
                await (seed % 2 == 0 ? _here : _there).PutAsync("a", new SmallLora(seed).Files(), first);
                return "won";
            }
            catch (AdapterStoreException error)
            {
                return error.Code;
            }
        })));
        Assert.Single(outcomes, "won");
        Assert.Equal(9, outcomes.Count(outcome => outcome == "digest_mismatch"));
    }

    [Fact]
    public async Task A_content_deleted_at_one_while_the_other_uploads_it_again_is_whole_afterwards()
    {
        for (var i = 0; i < 20; i++)
        {
            await _here.PutAsync("a", new SmallLora(7).Files());
            var deletion = Task.Run(() => _here.Catalog.DeleteAsync("acme", "a", Cancellation), Cancellation);
            await _there.PutAsync("b", new SmallLora(7).Files());
            await deletion;
            var version = _there.Catalog.Resolve("acme", "b");
            _there.Cache.Unload(version.WeightsDigest);
            using (await _there.Cache.AcquireAsync(version, Cancellation))
            {
            }

            await _there.Catalog.DeleteAsync("acme", "b", Cancellation);
        }

        // Who deletes need not know yet what the other one has deleted.
        await _there.Maintenance.RunOnceAsync(Cancellation);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_folder.Path, "blobs"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task One_that_starts_disturbs_no_upload_of_the_other_and_reads_what_there_is()
    {
        await _here.PutAsync("a", new SmallLora(1).Files());
        using var staged = _here.Uploads.Begin();
        foreach (var (name, content) in new SmallLora(2).Files())
        {
            using var stream = new MemoryStream(content);
            await staged.AddAsync(name, stream, Cancellation);
        }

        using var third = Open("third");
        Assert.Equal("a", Assert.Single(third.Catalog.List("acme")).Name);
        Assert.True((await _here.Uploads.PutAsync("acme", "b", staged, null, Cancellation)).Created);
    }

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private static async Task SeesAsync(AdapterStorage storage, Func<AdapterCatalog, bool> isSeen)
    {
        var clock = Stopwatch.StartNew();
        while (!isSeen(storage.Catalog))
        {
            Assert.True(clock.Elapsed < Promised, "The change was not seen within a second.");
            await Task.Delay(5, Cancellation);
        }
    }

    private AdapterStorage Open(string name, AdapterWeightFormat format = AdapterWeightFormat.File) => AdapterStorage.Open(
        new AdapterStoreOptions
        {
            DataDirectory = Path.Combine(_folder.Path, name), Registry = Registry, Blobs = Path.Combine(_folder.Path, "blobs"),
            CacheBytes = 1 << 24, AdapterWeights = format, DeletedRetention = TimeSpan.Zero,
        },
        Bases.Small);
}
