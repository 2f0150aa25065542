using System.Collections.Immutable;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Tests.Postgres;

namespace AdapterServe.AdapterStore.Tests.Catalog;

public sealed class SqliteAdapterLifeTests() : AdapterLifeTests(new TestFolder());

public sealed class PostgresAdapterLifeTests(PostgresServer postgres) : AdapterLifeTests(new TestFolder(postgres.NewRegistry()));

/// <summary>Deletion and restoring, splits, conditions, labels, quarantine and the log of it all, the same on every database.</summary>
public abstract class AdapterLifeTests : IDisposable
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(7);

    private readonly ManualTime _time = new();
    private readonly TestFolder _folder;
    private AdapterStorage _storage;

    protected AdapterLifeTests(TestFolder folder)
    {
        _folder = folder;
        _storage = Open();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private AdapterCatalog Catalog => _storage.Catalog;

    [Fact]
    public async Task What_was_deleted_is_hidden_at_once_and_comes_back_as_it_was()
    {
        await PutAsync(1);
        await PutAsync(2);
        await Catalog.SetAliasAsync("acme", "a", "prod", "1", Cancellation);
        await Catalog.UpdateAsync("acme", "a", new AdapterSettings(Labels(("team", "x")), null, 3), Cancellation);
        var files = _folder.AdapterFiles();
        await Catalog.DeleteAsync("acme", "a", Cancellation);
        Assert.Empty(Catalog.List("acme"));
        Assert.Equal("adapter_not_found", Assert.Throws<AdapterStoreException>(() => Catalog.Resolve("acme", "a@1")).Code);
        Assert.Equal(files, _folder.AdapterFiles());
        var deleted = Assert.Single(Catalog.List("acme", CatalogFilter.None with { State = "deleted" }));
        Assert.Equal(("a", 2, "deleted", _time.Now), (deleted.Name, deleted.Version, deleted.State, deleted.DeletedAt));

        _time.Now += Retention - TimeSpan.FromSeconds(1);
        await _storage.Maintenance.RunOnceAsync(Cancellation);
        Reopen();
        var restored = await Catalog.RestoreAsync("acme", "a", null, Cancellation);
        Assert.Equal((2, "ready", true, "x", 3), (restored.Version, restored.State, restored.Current, restored.Labels["team"], restored.Priority));
        Assert.Equal(1, Catalog.Resolve("acme", "a@prod").Number);
        using var lease = await _storage.Cache.AcquireAsync(Catalog.Resolve("acme", "a@1"), Cancellation);
    }

    [Fact]
    public async Task After_the_retention_what_was_deleted_is_gone_with_its_files_and_its_numbers_are_not_used_again()
    {
        await PutAsync(1);
        await Catalog.SetAliasAsync("acme", "a", "prod", "1", Cancellation);
        await Catalog.DeleteAsync("acme", "a", Cancellation);
        _time.Now += Retention;
        await _storage.Maintenance.RunOnceAsync(Cancellation);
        Assert.Empty(_folder.AdapterFiles());
        Assert.Empty(Catalog.List("acme", CatalogFilter.None with { State = "deleted" }));
        Assert.Equal("adapter_not_found", (await RefusedAsync(() => Catalog.RestoreAsync("acme", "a", null, Cancellation))).Code);
        Assert.Equal(2, (await PutAsync(1)).Version);
        Assert.Empty(Catalog.Get("acme", "a").Aliases);
    }

    [Fact]
    public async Task A_name_that_is_used_again_is_a_new_adapter_and_the_old_ones_versions_can_be_brought_back_one_by_one()
    {
        var first = await PutAsync(1);
        await Catalog.SetAliasAsync("acme", "a", "prod", "1", Cancellation);
        await Catalog.UpdateAsync("acme", "a", new AdapterSettings(Labels(("team", "x")), true, 3), Cancellation);
        await Catalog.DeleteAsync("acme", "a", Cancellation);
        var second = await PutAsync(2);
        Assert.Equal((2, 0, false, 0), (second.Version, second.Labels.Count, second.Pinned, second.Priority));
        Assert.Equal([2], Catalog.Versions("acme", "a").Select(version => version.Version));
        Assert.Equal("adapter_exists", (await RefusedAsync(() => Catalog.RestoreAsync("acme", "a", null, Cancellation))).Code);
        Assert.Equal(first.Digest, (await Catalog.RestoreAsync("acme", "a", 1, Cancellation)).Digest);
        Assert.Equal([1, 2], Catalog.Versions("acme", "a").Select(version => version.Version));
        Assert.Equal(2, Catalog.Resolve("acme", "a").Number);
    }

    [Fact]
    public async Task The_same_content_after_a_deletion_is_a_new_version()
    {
        await PutAsync(1);
        await Catalog.DeleteAsync("acme", "a", Cancellation);
        Assert.Equal(2, (await PutAsync(1)).Version);
        await PutAsync(2);
        await Catalog.DeleteAsync("acme", "a", "2", Cancellation);
        Assert.Equal(4, (await PutAsync(1)).Version);
    }

    [Theory]
    [InlineData(90, 10)]
    [InlineData(1, 1)]
    [InlineData(1, 999)]
    public async Task A_split_gives_each_version_its_share_and_each_key_always_the_same_one(int first, int second)
    {
        await PutAsync(1);
        await PutAsync(2);
        await Catalog.SetAliasAsync("acme", "a", "prod", [new AliasTarget("1", first), new AliasTarget("2", second)], Cancellation);
        const int Requests = 10_000;
        var chosen = Enumerable.Range(0, Requests).Select(i => Catalog.Resolve("acme", "a@prod", $"user-{i}").Number).ToList();
        Assert.Equal(chosen, Enumerable.Range(0, Requests).Select(i => Catalog.Resolve("acme", "acme/a@prod", $"user-{i}").Number));
        var share = first / (double)(first + second);
        // Five standard deviations of a binomial distribution: one run in two million fails by chance, and the keys are the same in every run.
        var deviation = 5 * Math.Sqrt(share * (1 - share) / Requests);
        Assert.InRange(chosen.Count(number => number == 1) / (double)Requests, share - deviation, share + deviation);
        Reopen();
        Assert.Equal(chosen, Enumerable.Range(0, Requests).Select(i => Catalog.Resolve("acme", "a@prod", $"user-{i}").Number));
    }

    [Fact]
    public async Task A_split_that_moves_takes_no_key_back()
    {
        await PutAsync(1);
        await PutAsync(2);
        var moved = new HashSet<int>();
        foreach (var weight in new[] { 1, 10, 50, 99 })
        {
            await Catalog.SetAliasAsync("acme", "a", "prod", [new AliasTarget("1", 100 - weight), new AliasTarget("2", weight)], Cancellation);
            var now = Enumerable.Range(0, 2000).Where(i => Catalog.Resolve("acme", "a@prod", $"{i}").Number == 2).ToHashSet();
            Assert.Superset(moved, now);
            moved = now;
        }
    }

    [Fact]
    public async Task A_split_that_means_nothing_is_refused_and_its_versions_are_kept()
    {
        await PutAsync(1);
        await PutAsync(2);
        foreach (var targets in new AliasTarget[][] { [], [new("1", 0)], [new("1", 1), new("1", 1)], [new("1", 1), new("2", -1)], [new("1", 1), new("2", 1), new("1", 1)] })
        {
            Assert.Equal("invalid_split", (await RefusedAsync(() => Catalog.SetAliasAsync("acme", "a", "prod", targets, Cancellation))).Code);
        }

        await PutAsync(3);
        await Catalog.SetAliasAsync("acme", "a", "prod", [new AliasTarget("1", 1), new AliasTarget("2", 1)], Cancellation);
        Assert.Equal("version_has_alias", (await RefusedAsync(() => Catalog.DeleteAsync("acme", "a", "2", Cancellation))).Code);
        Assert.Equal(["prod"], Catalog.Get("acme", "a", "1").Aliases);
        Assert.Equal(["prod"], Catalog.Get("acme", "a", "2").Aliases);
    }

    [Fact]
    public async Task Every_change_takes_a_condition()
    {
        await PutAsync(1);
        var put = await PutAsync(2);
        var stale = new Caller("acme") { IfMatch = $"\"r{put.Revision - 1}\"" };
        foreach (var change in new Func<Caller, Task>[]
        {
            caller => Catalog.SetAliasAsync(caller, "a", "prod", "1", Cancellation),
            caller => Catalog.RemoveAliasAsync(caller, "a", "prod", Cancellation),
            caller => Catalog.UpdateAsync(caller, "a", new AdapterSettings(null, true, null), Cancellation),
            caller => _storage.Uploads.VerifyAsync(caller, "a", null, Cancellation),
            caller => Catalog.DeleteAsync(caller, "a", "1", Cancellation),
            caller => Catalog.DeleteAsync(caller, "a", Cancellation),
        })
        {
            Assert.Equal((AdapterErrorKind.PreconditionFailed, "digest_mismatch"), await RefusedAsync(() => change(stale)) is var refusal ? (refusal.Kind, refusal.Code) : default);
            var revision = Catalog.Get("acme", "a").Revision;
            await change(new Caller("acme") { IfMatch = $"r{revision}" });
            Assert.True(Catalog.List("acme") is [] || Catalog.Get("acme", "a").Revision > revision);
        }
    }

    [Fact]
    public async Task Labels_are_set_whole_filtered_by_and_checked()
    {
        await PutAsync(1);
        await _storage.PutAsync("b", new SmallLora(1).Files());
        await Catalog.UpdateAsync("acme", "a", new AdapterSettings(Labels(("team", "x"), ("stage", "")), null, null), Cancellation);
        Assert.Equal(["a"], Names(new("", [new("team", "x")], null, null)));
        Assert.Equal(["a"], Names(new(null, [new("stage", null), new("team", null)], "lora", "ready")));
        Assert.Empty(Names(new(null, [new("team", "y")], null, null)));
        Assert.Equal(["b"], Names(new("b", [], null, null)));
        Assert.Empty(Names(new(null, [], "oft", null)));
        Assert.Equal("invalid_label", (await RefusedAsync(() => Catalog.UpdateAsync("acme", "a", new AdapterSettings(Labels(("a b", "x")), null, null), Cancellation))).Code);
        Assert.Equal("invalid_label", (await RefusedAsync(() => Catalog.UpdateAsync("acme", "a", new AdapterSettings(Labels(("a", "ü")), null, null), Cancellation))).Code);
        var many = Labels([.. Enumerable.Range(0, 65).Select(i => ($"l{i}", ""))]);
        Assert.Equal("too_many_labels", (await RefusedAsync(() => Catalog.UpdateAsync("acme", "a", new AdapterSettings(many, null, null), Cancellation))).Code);
        await Catalog.UpdateAsync("acme", "a", new AdapterSettings(Labels(), null, null), Cancellation);
        Assert.Empty(Catalog.Get("acme", "a").Labels);

        IEnumerable<string> Names(CatalogFilter filter) => Catalog.List("acme", filter).Select(adapter => adapter.Name);
    }

    [Fact]
    public async Task A_pinned_adapter_is_in_memory_after_a_restart_and_leaves_it_when_it_is_no_longer_pinned()
    {
        await PutAsync(1);
        await Catalog.UpdateAsync("acme", "a", new AdapterSettings(null, true, null), Cancellation);
        Reopen();
        var digest = Catalog.Resolve("acme", "a").WeightsDigest;
        await EventuallyAsync(() => _storage.Cache.Statistics.PinnedBytes > 0);
        await PutAsync(2);
        await EventuallyAsync(() => !_storage.Cache.Contains(digest));
        await Catalog.UpdateAsync("acme", "a", new AdapterSettings(null, false, null), Cancellation);
        await EventuallyAsync(() => _storage.Cache.Statistics.PinnedBytes == 0);
    }

    [Fact]
    public async Task A_content_that_can_not_be_loaded_is_set_aside_until_a_verification_succeeds()
    {
        var put = await PutAsync(1);
        await _storage.PutAsync("b", new SmallLora(1).Files());
        var file = Path.Combine(_storage.OpenFiles(Catalog.Resolve("acme", "a")).Folder, "adapter_model.safetensors");
        var sound = await File.ReadAllBytesAsync(file, Cancellation);
        await File.WriteAllBytesAsync(file, sound[..^10], Cancellation);
        _storage.Cache.Unload(put.Digest);
        _time.Now += TimeSpan.FromSeconds(1);
        var version = Catalog.Resolve("acme", "a");
        await Assert.ThrowsAsync<AdapterStoreException>(async () => await _storage.Cache.AcquireAsync(version, Cancellation));
        await EventuallyAsync(() => Catalog.Get("acme", "a").State == "quarantined");
        foreach (var name in new[] { "a", "b" })
        {
            var refused = Assert.Throws<AdapterStoreException>(() => Catalog.Resolve("acme", name));
            Assert.Equal((AdapterErrorKind.Unservable, "adapter_quarantined"), (refused.Kind, refused.Code));
            Assert.NotNull(Catalog.Get("acme", name).Reason);
        }

        Assert.Equal("quarantined", (await _storage.Uploads.VerifyAsync("acme", "a", null, Cancellation)).State);
        Reopen();
        Assert.Equal("quarantined", Catalog.Get("acme", "b").State);
        await File.WriteAllBytesAsync(file, sound, Cancellation);
        Assert.Equal("ready", (await _storage.Uploads.VerifyAsync("acme", "a", "1", Cancellation)).State);
        Assert.Equal(1, Catalog.Resolve("acme", "b").Number);
    }

    [Fact]
    public async Task A_load_of_the_exact_weights_that_fails_sets_the_content_aside_too()
    {
        _storage.Dispose();
        _storage = _folder.Open(retention: Retention, time: _time, format: AdapterWeightFormat.Int8);
        await PutAsync(1);
        var version = Catalog.Resolve("acme", "a");
        Assert.NotEqual(version.WeightsDigest, version.Exactly().WeightsDigest);
        await File.WriteAllBytesAsync(Path.Combine(_storage.OpenFiles(version).Folder, "adapter_model.safetensors"), new byte[20], Cancellation);
        _time.Now += TimeSpan.FromSeconds(1);
        await Assert.ThrowsAsync<AdapterStoreException>(async () => await _storage.Cache.AcquireAsync(version.Exactly(), Cancellation));
        await EventuallyAsync(() => Catalog.Get("acme", "a").State == "quarantined");
        Assert.Equal("adapter_quarantined", Assert.Throws<AdapterStoreException>(() => Catalog.Resolve("acme", "a")).Code);
        Assert.Equal(version, Catalog.Identify("acme", "a"));
    }

    [Fact]
    public async Task A_version_of_another_base_is_usable_once_it_was_verified_on_this_one()
    {
        await PutAsync(1);
        _storage.Dispose();
        _storage = _folder.Open(Bases.SmallWith("sha256:b1"), retention: Retention, time: _time);
        Assert.Empty(Catalog.List("acme"));
        Assert.Equal("sha256:b1", (await _storage.Uploads.VerifyAsync("acme", "a", null, Cancellation)).Base);
        Assert.Equal(1, Catalog.Resolve("acme", "a").Number);
    }

    [Fact]
    public async Task The_log_tells_who_did_what_when_and_how_it_ended()
    {
        var caller = new Caller("acme") { Actor = "alice" };
        await PutAsync(1);
        var put = await PutAsync(2);
        await _storage.PutAsync("other", new SmallLora(1).Files(), tenant: "else");
        await Catalog.SetAliasAsync(caller, "a", "prod", "1", Cancellation);
        _time.Now += TimeSpan.FromHours(1);
        await RefusedAsync(() => Catalog.DeleteAsync(caller, "a", "1", Cancellation));
        await RefusedAsync(() => _storage.PutAsync("a", SmallLora.Make(lora => lora.Remove("model.layers.0.self_attn.q_proj.lora_A.weight")).Files()));
        await Catalog.DeleteAsync(caller, "a", Cancellation);

        var log = await _storage.Audit.ReadAsync(new AuditQuery("acme", 0, 100), Cancellation);
        Assert.Equal(
            [("acme", "put", "ok"), ("acme", "put", "ok"), ("alice", "alias", "ok"), ("alice", "delete_version", "version_has_alias"), ("acme", "put", log[4].Outcome), ("alice", "delete", "ok")],
            log.Select(entry => (entry.Actor, entry.Action, entry.Outcome)));
        Assert.NotEqual("ok", log[4].Outcome);
        Assert.Equal((2L, put.Digest, put.Revision, "a"), (log[1].Version, log[1].Digest, log[1].Revision, log[1].Name));
        Assert.Equal(1, log[2].Version);
        Assert.Equal(_time.Now, RegistryTime.Parse(log[5].HappenedAt));
        Assert.True(log.Zip(log.Skip(1)).All(pair => pair.First.Revision < pair.Second.Revision));
        Assert.Equal(log.Skip(2).Take(1), await _storage.Audit.ReadAsync(new AuditQuery("acme", log[1].Revision, 1), Cancellation));
        Assert.Equal([log[5]], await _storage.Audit.ReadAsync(new AuditQuery("acme", 0, 9) { Action = "delete", Name = "a", ChangesOnly = true }, Cancellation));
    }

    [Fact]
    public async Task Changes_are_told_as_they_happen_and_from_any_number_on()
    {
        await PutAsync(1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var seen = new List<string>();
        var told = Task.Run(async () =>
        {
            await foreach (var entry in _storage.Audit.FollowAsync("acme", 0, TimeSpan.FromMinutes(1), stop.Token))
            {
                seen.Add($"{entry!.Action} {entry.Name}");
                if (seen.Count == 3)
                {
                    return;
                }
            }
        }, Cancellation);
        await _storage.PutAsync("hidden", new SmallLora(1).Files(), tenant: "else");
        await _storage.PutAsync("b", new SmallLora(1).Files());
        await Catalog.DeleteAsync("acme", "a", Cancellation);
        await told.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        Assert.Equal(["put a", "put b", "delete a"], seen);
    }

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private static ImmutableSortedDictionary<string, string> Labels(params (string Name, string Value)[] labels) => labels.ToImmutableSortedDictionary(label => label.Name, label => label.Value);

    private static async Task<AdapterStoreException> RefusedAsync(Func<Task> change) => await Assert.ThrowsAsync<AdapterStoreException>(change);

    private static async Task EventuallyAsync(Func<bool> isSo)
    {
        for (var i = 0; i < 2000 && !isSo(); i++)
        {
            await Task.Delay(5, Cancellation);
        }

        Assert.True(isSo());
    }

    private async Task<AdapterStore.Adapters.AdapterDescriptor> PutAsync(int seed) => (await _storage.PutAsync("a", new SmallLora(seed).Files())).Descriptor;

    private AdapterStorage Open() => _folder.Open(retention: Retention, time: _time);

    private void Reopen()
    {
        _storage.Dispose();
        _storage = Open();
    }
}
