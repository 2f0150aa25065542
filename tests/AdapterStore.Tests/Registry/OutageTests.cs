using System.Diagnostics;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Tests.Postgres;

namespace AdapterServe.AdapterStore.Tests.Registry;

/// <summary>A database that stops and comes back.</summary>
public sealed class OutageTests : IDisposable
{
    private readonly PostgresServer _postgres = new();
    private readonly TestFolder _folder;
    private readonly AdapterStorage _storage;

    public OutageTests()
    {
        _folder = new TestFolder(_postgres.NewRegistry());
        _storage = _folder.Open();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_the_database_is_away_reading_goes_on_and_changes_are_unavailable_and_then_all_is_as_before()
    {
        await _storage.PutAsync("a", new SmallLora(1).Files());
        var kept = _folder.AdapterFiles();
        _postgres.Stop();
        Assert.Equal("registry_unavailable", (await Assert.ThrowsAsync<AdapterStoreException>(() => _storage.PutAsync("b", new SmallLora(2).Files()))).Code);
        Assert.Equal(AdapterErrorKind.Unavailable, (await Assert.ThrowsAsync<AdapterStoreException>(() => _storage.Catalog.DeleteAsync("acme", "a", Cancellation))).Kind);
        Assert.Equal(AdapterErrorKind.Unavailable, (await Assert.ThrowsAsync<AdapterStoreException>(() => _storage.Catalog.TryCatchUpAsync(Cancellation))).Kind);
        var version = _storage.Catalog.Resolve("acme", "a");
        _storage.Cache.Unload(version.WeightsDigest);
        using (await _storage.Cache.AcquireAsync(version, Cancellation))
        {
            Assert.Equal(kept, _folder.AdapterFiles());
        }

        _postgres.Start();
        // The pool's connections are dead; nobody is to notice.
        Assert.True((await _storage.PutAsync("b", new SmallLora(2).Files())).Created);
        Assert.Equal(["a", "b"], _storage.Catalog.List("acme").Select(adapter => adapter.Name));
    }

    [Fact]
    public async Task A_change_made_while_one_was_cut_off_reaches_it_when_it_is_back()
    {
        using var other = new TestFolder(_folder.Registry);
        using var there = other.Open();
        _postgres.Query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'adapterserve'");
        await there.PutAsync("a", new SmallLora(1).Files());
        await SeesAsync("a");
        _postgres.Stop();
        _postgres.Start();
        await there.PutAsync("b", new SmallLora(2).Files());
        await SeesAsync("b");
    }

    [Fact]
    public void A_server_that_starts_without_its_database_is_told_so()
    {
        _postgres.Stop();
        using var other = new TestFolder(_folder.Registry);
        Assert.Equal("registry_unavailable", Assert.Throws<AdapterStoreException>(() => other.Open()).Code);
        _postgres.Start();
        other.Open().Dispose();
    }

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
        _postgres.Dispose();
    }

    private async Task SeesAsync(string name)
    {
        var clock = Stopwatch.StartNew();
        while (_storage.Catalog.List("acme").All(adapter => adapter.Name != name))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"'{name}' was not seen after the connection was lost.");
            await Task.Delay(5, Cancellation);
        }
    }
}
