using System.Collections.Immutable;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Tenants;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Tests.Postgres;

namespace AdapterServe.AdapterStore.Tests.Tenants;

public sealed class SqliteTenantTests() : TenantTests(registry: null);

public sealed class PostgresTenantTests(PostgresServer postgres) : TenantTests(postgres.NewRegistry());

/// <summary>What is set for tenants, and their limits of adapters and bytes, at two servers with one registry.</summary>
public abstract class TenantTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly AdapterStorage _here;
    private readonly AdapterStorage _there;

    protected TenantTests(string? registry)
    {
        Registry = registry ?? Path.Combine(_folder.Path, "shared.db");
        _here = Open("here");
        _there = Open("there");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Registry { get; }

    [Fact]
    public async Task What_is_set_at_one_holds_at_the_other_and_after_a_start()
    {
        var settings = new TenantSettings
        {
            Limits = new TenantLimits { Adapters = 3, RequestsPerMinute = 60, TokensPerMinute = 0, ConcurrentSequences = 2 },
            Weight = 250,
            Priority = -1,
            Labels = ImmutableSortedDictionary.Create<string, string>().Add("plan", "gold"),
        };
        var set = await _here.Tenants.PutAsync("acme", settings, Cancellation);
        Assert.Equal((set.Revision, set.Limits), (_here.Tenants.Get("acme").Revision, _here.Tenants.Get("acme").Limits));
        await _there.Catalog.TryCatchUpAsync(Cancellation);
        using var later = Open("later");
        foreach (var storage in new[] { _here, _there, later })
        {
            var seen = storage.Tenants.Get("acme");
            Assert.Equal((settings.Limits, 250, -1, set.Revision), (seen.Settings!.Limits, seen.Settings.Weight, seen.Settings.Priority, seen.Revision));
            Assert.Equal("gold", seen.Settings.Labels["plan"]);
            Assert.Equal(["acme"], storage.Tenants.List());
        }

        await _there.Tenants.PutAsync("acme", TenantSettings.Default, Cancellation);
        Assert.Null(_there.Tenants.Of("acme").Limits.Adapters);
        await _here.Catalog.TryCatchUpAsync(Cancellation);
        Assert.Null(_here.Tenants.Of("acme").Limits.Adapters);
    }

    [Fact]
    public void A_server_without_settings_gives_everybody_its_own_limits_but_not_what_all_share()
    {
        using var strict = Open("strict", new TenantLimits { Adapters = 1, RequestsPerMinute = 5 });
        Assert.Equal(new TenantLimits { Adapters = 1, RequestsPerMinute = 5 }, strict.Tenants.Of("anybody").Limits);
        Assert.Equal(TenantLimits.None, strict.Tenants.Of("shared").Limits);
        Assert.Equal(TenantLimits.None, _here.Tenants.Of("anybody").Limits);
    }

    [Fact]
    public async Task A_limit_of_the_tenants_own_goes_before_the_servers()
    {
        using var strict = Open("strict", new TenantLimits { Adapters = 1, RequestsPerMinute = 5 });
        await strict.Tenants.PutAsync("acme", Limited(adapters: 2), Cancellation);
        Assert.Equal(new TenantLimits { Adapters = 2, RequestsPerMinute = 5 }, strict.Tenants.Of("acme").Limits);
        await strict.PutAsync("a", new SmallLora(1).Files());
        await strict.PutAsync("b", new SmallLora(1).Files());
        await OverAsync(() => strict.PutAsync("c", new SmallLora(1).Files()));
        await strict.PutAsync("a", new SmallLora(1).Files(), tenant: "other");
        await OverAsync(() => strict.PutAsync("b", new SmallLora(1).Files(), tenant: "other"));
    }

    [Fact]
    public async Task Of_uploads_at_both_at_once_as_many_pass_as_there_is_room_for()
    {
        await _here.Tenants.PutAsync("acme", Limited(adapters: 5), Cancellation);
        await _there.Catalog.TryCatchUpAsync(Cancellation);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            try
            {
                await (i % 2 == 0 ? _here : _there).PutAsync($"a{i}", new SmallLora(i).Files());
                return "stored";
            }
            catch (AdapterStoreException error)
            {
                return error.Code;
            }
        })));
        Assert.Equal(5, outcomes.Count(outcome => outcome == "stored"));
        Assert.Equal(11, outcomes.Count(outcome => outcome == "quota_exceeded"));
        await _here.Catalog.TryCatchUpAsync(Cancellation);
        Assert.Equal(5, _here.Catalog.List("acme").Count);
        Assert.Equal(5, _here.Tenants.UseOf("acme").Adapters);
    }

    [Fact]
    public async Task The_other_ones_deletion_makes_room_at_once()
    {
        await _here.Tenants.PutAsync("acme", Limited(adapters: 1), Cancellation);
        for (var i = 0; i < 10; i++)
        {
            await _here.PutAsync("a", new SmallLora(1).Files());
            await _there.Catalog.TryCatchUpAsync(Cancellation);
            await OverAsync(() => _there.PutAsync("b", new SmallLora(1).Files()));
            await _here.Catalog.DeleteAsync("acme", "a", Cancellation);
            await _there.PutAsync("b", new SmallLora(1).Files());
            await _there.Catalog.DeleteAsync("acme", "b", Cancellation);
        }
    }

    [Fact]
    public async Task A_refusal_changes_nothing_and_is_in_the_log()
    {
        await _here.Tenants.PutAsync("acme", Limited(adapters: 1), Cancellation);
        var first = (await _here.PutAsync("a", new SmallLora(1).Files())).Descriptor;
        var refusal = await OverAsync(() => _here.PutAsync("b", new SmallLora(2).Files()));
        Assert.Equal(AdapterErrorKind.QuotaExceeded, refusal.Kind);
        Assert.Contains("1 of at most 1 adapters", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(first.Digest, Assert.Single(_here.Catalog.List("acme")).Digest);
        Assert.Equal(first.Bytes, _here.Tenants.UseOf("acme").Bytes);
        var log = await _here.Audit.ReadAsync(new AuditQuery("acme", 0, 9), Cancellation);
        Assert.Equal([("put_tenant", "ok", string.Empty), ("put", "ok", "a"), ("put", "quota_exceeded", "b")], log.Select(entry => (entry.Action, entry.Outcome, entry.Name)));
        // Who follows adapters hears nothing of settings.
        Assert.Equal([log[1]], await _here.Audit.ReadAsync(new AuditQuery("acme", 0, 9) { ChangesOnly = true }, Cancellation));
        // New versions, and versions that are there already, are no new adapters.
        Assert.Equal(2, (await _here.PutAsync("a", new SmallLora(2).Files())).Descriptor.Version);
        Assert.Equal(1, (await _here.PutAsync("a", new SmallLora(1).Files())).Descriptor.Version);
    }

    [Fact]
    public async Task Bytes_count_until_they_are_purged()
    {
        var first = (await _here.PutAsync("a", new SmallLora(1).Files())).Descriptor;
        var room = 2 * first.Bytes;
        await _here.Tenants.PutAsync("acme", new TenantSettings { Limits = new TenantLimits { Bytes = room } }, Cancellation);
        await _here.PutAsync("a", new SmallLora(2).Files());
        Assert.Equal(new TenantUse(1, room), _here.Tenants.UseOf("acme"));
        Assert.Contains($"of at most {room}", (await OverAsync(() => _here.PutAsync("a", new SmallLora(3).Files()))).Message, StringComparison.Ordinal);
        await _here.Catalog.DeleteAsync("acme", "a", "1", Cancellation);
        Assert.Equal(new TenantUse(1, room), _here.Tenants.UseOf("acme"));
        await OverAsync(() => _here.PutAsync("a", new SmallLora(3).Files()));
        // What is stored already takes no more room, under a new number too.
        Assert.Equal(3, (await _here.PutAsync("a", new SmallLora(1).Files())).Descriptor.Version);
        await _here.Catalog.PurgeAsync("acme", "a", "2", Cancellation);
        Assert.Equal(new TenantUse(1, first.Bytes), _here.Tenants.UseOf("acme"));
        Assert.True((await _here.PutAsync("a", new SmallLora(3).Files())).Created);
        await _here.Catalog.PurgeAsync("acme", "a", Cancellation);
        Assert.Equal(default, _here.Tenants.UseOf("acme"));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_folder.Path, "blobs"), "*", SearchOption.AllDirectories));
        Assert.Equal("adapter_not_found", (await RefusedAsync(() => _here.Catalog.RestoreAsync("acme", "a", null, Cancellation))).Code);
    }

    [Fact]
    public async Task What_was_deleted_comes_back_where_there_is_room()
    {
        await _here.Tenants.PutAsync("acme", Limited(adapters: 1), Cancellation);
        await _here.PutAsync("a", new SmallLora(1).Files());
        await _here.Catalog.DeleteAsync("acme", "a", Cancellation);
        await _here.PutAsync("b", new SmallLora(2).Files());
        await OverAsync(() => _here.Catalog.RestoreAsync("acme", "a", null, Cancellation));
        Assert.Equal("b", Assert.Single(_here.Catalog.List("acme")).Name);
        await _here.Catalog.DeleteAsync("acme", "b", Cancellation);
        Assert.Equal("a", (await _here.Catalog.RestoreAsync("acme", "a", null, Cancellation)).Name);
    }

    [Fact]
    public async Task A_limit_below_what_there_is_takes_nothing_away()
    {
        await _here.PutAsync("a", new SmallLora(1).Files());
        await _here.PutAsync("b", new SmallLora(1).Files());
        await _here.Tenants.PutAsync("acme", new TenantSettings { Limits = new TenantLimits { Adapters = 1, Bytes = 0 } }, Cancellation);
        Assert.Equal(2, _here.Catalog.List("acme").Count);
        await OverAsync(() => _here.PutAsync("a", new SmallLora(2).Files()));
        Assert.False((await _here.PutAsync("a", new SmallLora(1).Files())).Created);
        await _here.Catalog.SetAliasAsync("acme", "a", "prod", "1", Cancellation);
    }

    [Fact]
    public async Task A_tenant_is_deleted_once_it_has_no_adapters()
    {
        await _here.Tenants.PutAsync("acme", Limited(adapters: 1), Cancellation);
        await _here.PutAsync("a", new SmallLora(1).Files());
        Assert.Equal("tenant_has_adapters", (await RefusedAsync(() => _here.Tenants.DeleteAsync("acme", Cancellation))).Code);
        await _here.Catalog.DeleteAsync("acme", "a", Cancellation);
        await _here.Tenants.DeleteAsync("acme", Cancellation);
        Assert.Empty(_here.Tenants.List());
        Assert.Equal("tenant_not_found", Assert.Throws<AdapterStoreException>(() => _here.Tenants.Get("acme")).Code);
        Assert.Equal("tenant_not_found", (await RefusedAsync(() => _here.Tenants.DeleteAsync("acme", Cancellation))).Code);
        await _there.Catalog.TryCatchUpAsync(Cancellation);
        Assert.Empty(_there.Tenants.List());
        await _there.PutAsync("a", new SmallLora(1).Files());
        await _there.PutAsync("b", new SmallLora(1).Files());
        Assert.Equal(["acme"], _there.Tenants.List());
        Assert.Equal(
            ["delete_tenant tenant_has_adapters", "delete_tenant ok"],
            (await _here.Audit.ReadAsync(new AuditQuery("acme", 0, 9) { Action = "delete_tenant" }, Cancellation)).Select(entry => $"{entry.Action} {entry.Outcome}"));
    }

    [Fact]
    public async Task A_condition_is_checked_on_what_the_registry_has()
    {
        var first = await _here.Tenants.PutAsync("acme", Limited(adapters: 1), Cancellation);
        var second = await _there.Tenants.PutAsync("acme", Limited(adapters: 2), Cancellation);
        var caller = new Caller("acme") { Actor = "root", IfMatch = $"\"r{first.Revision}\"" };
        Assert.Equal("revision_mismatch", (await RefusedAsync(() => _here.Tenants.PutAsync(caller, Limited(adapters: 3), Cancellation))).Code);
        Assert.Equal("revision_mismatch", (await RefusedAsync(() => _here.Tenants.DeleteAsync(caller, Cancellation))).Code);
        Assert.Equal("revision_mismatch", (await RefusedAsync(() => _here.Tenants.PutAsync(new Caller("nobody") { IfMatch = "*" }, Limited(adapters: 3), Cancellation))).Code);
        Assert.Equal(3, (await _here.Tenants.PutAsync(caller with { IfMatch = $"r{second.Revision}" }, Limited(adapters: 3), Cancellation)).Limits.Adapters);
    }

    [Theory]
    [InlineData("", "invalid_tenant")]
    [InlineData("Acme", "invalid_tenant")]
    [InlineData("../x", "invalid_tenant")]
    public async Task A_name_that_no_tenant_can_have_is_refused(string tenant, string code) =>
        Assert.Equal(code, (await RefusedAsync(() => _here.Tenants.PutAsync(tenant, TenantSettings.Default, Cancellation))).Code);

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private static TenantSettings Limited(int adapters) => new() { Limits = new TenantLimits { Adapters = adapters } };

    private static async Task<AdapterStoreException> OverAsync(Func<Task> change)
    {
        var refusal = await RefusedAsync(change);
        Assert.Equal("quota_exceeded", refusal.Code);
        return refusal;
    }

    private static async Task<AdapterStoreException> RefusedAsync(Func<Task> change) => await Assert.ThrowsAsync<AdapterStoreException>(change);

    private AdapterStorage Open(string name, TenantLimits? defaults = null) => AdapterStorage.Open(
        new AdapterStoreOptions
        {
            DataDirectory = Path.Combine(_folder.Path, name), Registry = Registry, Blobs = Path.Combine(_folder.Path, "blobs"), CacheBytes = 1 << 24,
            TenantDefaults = defaults ?? TenantLimits.None,
        },
        Bases.Small);
}
