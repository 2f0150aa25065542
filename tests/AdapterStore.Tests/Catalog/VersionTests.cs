using System.Text.Json;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.AdapterStore.Uploads;
using AdapterServe.Tests.Postgres;

namespace AdapterServe.AdapterStore.Tests.Catalog;

public sealed class SqliteVersionTests() : VersionTests(new TestFolder());

public sealed class PostgresVersionTests(PostgresServer postgres) : VersionTests(new TestFolder(postgres.NewRegistry()));

/// <summary>Names, versions and aliases, the same on every database.</summary>
public abstract class VersionTests : IDisposable
{
    private readonly TestFolder _folder;
    private AdapterStorage _storage;

    protected VersionTests(TestFolder folder)
    {
        _folder = folder;
        _storage = _folder.Open();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_content_is_a_new_version_and_becomes_current()
    {
        var first = await PutAsync(1);
        var second = await PutAsync(2);
        Assert.Equal((true, 1, true), (first.Created, first.Descriptor.Version, first.Descriptor.Current));
        Assert.Equal((true, 2, true), (second.Created, second.Descriptor.Version, second.Descriptor.Current));
        Assert.NotEqual(first.Descriptor.Digest, second.Descriptor.Digest);
        Assert.Equal(2, _storage.Catalog.Resolve("acme", "a").Number);
        Assert.Equal([1, 2], _storage.Catalog.Versions("acme", "a").Select(version => version.Version));
        Assert.Equal([false, true], _storage.Catalog.Versions("acme", "a").Select(version => version.Current));
        Assert.Equal(second.Descriptor.Digest, Assert.Single(_storage.Catalog.List("acme")).Digest);
    }

    [Fact]
    public async Task The_same_content_again_is_the_same_version()
    {
        var first = await PutAsync(1);
        var again = await PutAsync(1);
        Assert.False(again.Created);
        Assert.Equal(first.Descriptor.Digest, again.Descriptor.Digest);
        Assert.Equal(1, again.Descriptor.Version);
    }

    [Fact]
    public async Task Content_of_an_older_version_makes_that_one_current_again()
    {
        await PutAsync(1);
        await PutAsync(2);
        var back = await PutAsync(1);
        Assert.Equal((false, 1, true), (back.Created, back.Descriptor.Version, back.Descriptor.Current));
        Assert.Equal(1, _storage.Catalog.Resolve("acme", "a").Number);
        Assert.Equal(2, _storage.Catalog.Versions("acme", "a").Count);
    }

    [Fact]
    public async Task The_digest_depends_on_names_and_contents_and_not_on_their_order()
    {
        var files = new SmallLora().Files();
        var forward = await _storage.PutAsync("forward", files.OrderBy(file => file.Key, StringComparer.Ordinal));
        var backward = await _storage.PutAsync("backward", files.OrderByDescending(file => file.Key, StringComparer.Ordinal));
        files["README.md"] = [1];
        var more = await _storage.PutAsync("more", files);
        files.Remove("README.md");
        files["README.txt"] = [1];
        var renamed = await _storage.PutAsync("renamed", files);
        Assert.Equal(forward.Descriptor.Digest, backward.Descriptor.Digest);
        Assert.Equal(3, new[] { forward, more, renamed }.Select(put => put.Descriptor.Digest).Distinct().Count());
    }

    [Fact]
    public async Task A_reference_may_name_a_version_a_digest_or_an_alias()
    {
        var first = await PutAsync(1);
        await PutAsync(2);
        await _storage.Catalog.SetAliasAsync("acme", "a", "prod", "1", Cancellation);
        Assert.Equal(1, _storage.Catalog.Resolve("acme", "a@1").Number);
        Assert.Equal(1, _storage.Catalog.Resolve("acme", "a@" + first.Descriptor.Digest).Number);
        Assert.Equal(1, _storage.Catalog.Resolve("acme", "a@prod").Number);
        Assert.Equal(2, _storage.Catalog.Resolve("acme", "acme/a").Number);
        Assert.Equal(1, _storage.Catalog.Resolve("acme", "acme/a@prod").Number);
        Assert.Equal(["prod"], _storage.Catalog.Get("acme", "a", "1").Aliases);
    }

    [Theory]
    [InlineData("b")]
    [InlineData("")]
    [InlineData("A")]
    [InlineData("a@3")]
    [InlineData("a@99999999999999999999")]
    [InlineData("a@")]
    [InlineData("a@canary")]
    [InlineData("a@sha256:00")]
    [InlineData("a@1@1")]
    [InlineData("/a")]
    [InlineData("other/a")]
    [InlineData("acme/acme/a")]
    [InlineData("../acme/a")]
    [InlineData("shared/a")]
    public async Task What_is_not_there_is_not_found(string reference)
    {
        await PutAsync(1);
        await _storage.PutAsync("a", new SmallLora(3).Files(), tenant: "other");
        AssertNotFound(() => _storage.Catalog.Resolve("acme", reference));
    }

    [Fact]
    public async Task Shared_adapters_are_readable_by_every_tenant_by_their_full_name()
    {
        await _storage.PutAsync("common", new SmallLora().Files(), tenant: "shared");
        Assert.Equal("shared", _storage.Catalog.Resolve("acme", "shared/common").Tenant);
        AssertNotFound(() => _storage.Catalog.Resolve("acme", "common"));
        Assert.Empty(_storage.Catalog.List("acme"));
    }

    [Fact]
    public async Task An_alias_moves_goes_and_survives_a_restart()
    {
        await PutAsync(1);
        await PutAsync(2);
        await _storage.Catalog.SetAliasAsync("acme", "a", "prod", "1", Cancellation);
        await _storage.Catalog.SetAliasAsync("acme", "a", "canary", "2", Cancellation);
        var moved = await _storage.Catalog.SetAliasAsync("acme", "a", "prod", "canary", Cancellation);
        Assert.Equal(["canary", "prod"], moved.Aliases);
        Reopen();
        Assert.Equal(2, _storage.Catalog.Resolve("acme", "a@prod").Number);
        await _storage.Catalog.RemoveAliasAsync("acme", "a", "prod", Cancellation);
        AssertNotFound(() => _storage.Catalog.Resolve("acme", "a@prod"));
        var gone = await Assert.ThrowsAsync<AdapterStoreException>(() => _storage.Catalog.RemoveAliasAsync("acme", "a", "prod", Cancellation));
        Assert.Equal(AdapterErrorKind.NotFound, gone.Kind);
    }

    [Theory]
    [InlineData("12")]
    [InlineData("")]
    [InlineData("Prod")]
    [InlineData("sha256:ab")]
    public async Task An_alias_that_could_be_taken_for_something_else_is_malformed(string alias)
    {
        await PutAsync(1);
        var error = await Assert.ThrowsAsync<AdapterStoreException>(() => _storage.Catalog.SetAliasAsync("acme", "a", alias, "1", Cancellation));
        Assert.Equal((AdapterErrorKind.Malformed, "invalid_alias"), (error.Kind, error.Code));
    }

    [Fact]
    public async Task Deleting_an_adapter_frees_its_files_and_never_reuses_its_numbers()
    {
        await PutAsync(1);
        await PutAsync(2);
        await _storage.Catalog.SetAliasAsync("acme", "a", "prod", "1", Cancellation);
        await _storage.Catalog.DeleteAsync("acme", "a", Cancellation);
        Assert.Empty(_folder.AdapterFiles());
        Assert.Empty(_storage.Catalog.List("acme"));
        Assert.Equal(0, _storage.Cache.Statistics.IdleBytes);
        AssertNotFound(() => _storage.Catalog.Resolve("acme", "a"));
        var again = await PutAsync(1);
        Assert.Equal((true, 3), (again.Created, again.Descriptor.Version));
    }

    [Fact]
    public async Task Deleting_one_name_leaves_the_same_content_under_another()
    {
        await PutAsync(1);
        await _storage.PutAsync("b", new SmallLora(1).Files(), tenant: "other");
        await _storage.Catalog.DeleteAsync("acme", "a", Cancellation);
        _storage.Cache.Unload(_storage.Catalog.Resolve("other", "b").Digest);
        using var lease = await _storage.Cache.AcquireAsync(_storage.Catalog.Resolve("other", "b"), Cancellation);
        Assert.True(lease.Weights.Bytes > 0);
    }

    [Fact]
    public async Task A_version_that_something_points_to_is_not_deleted()
    {
        await PutAsync(1);
        await PutAsync(2);
        await _storage.Catalog.SetAliasAsync("acme", "a", "prod", "1", Cancellation);
        Assert.Equal("version_has_alias", (await DeleteVersionAsync("1")).Code);
        Assert.Equal("version_is_current", (await DeleteVersionAsync("2")).Code);
        await _storage.Catalog.RemoveAliasAsync("acme", "a", "prod", Cancellation);
        await _storage.Catalog.DeleteAsync("acme", "a", "1", Cancellation);
        AssertNotFound(() => _storage.Catalog.Resolve("acme", "a@1"));
        await _storage.Catalog.DeleteAsync("acme", "a", "2", Cancellation);
        AssertNotFound(() => _storage.Catalog.Resolve("acme", "a"));
        Assert.Empty(_folder.AdapterFiles());
    }

    [Fact]
    public async Task A_running_request_keeps_the_version_that_it_began_with()
    {
        await PutAsync(1);
        var version = _storage.Catalog.Resolve("acme", "a");
        using var lease = await _storage.Cache.AcquireAsync(version, Cancellation);
        var bytes = lease.Weights.Bytes;
        await PutAsync(2);
        await _storage.Catalog.DeleteAsync("acme", "a", Cancellation);
        Assert.Equal(version.Digest, lease.Weights.Digest);
        Assert.Equal(bytes, lease.Weights.Bytes);
        Assert.False(lease.Weights.At(2).IsEmpty);
        Assert.Equal(bytes, _storage.Cache.Statistics.PinnedBytes);
        lease.Dispose();
        Assert.Equal((0, 0), (_storage.Cache.Statistics.PinnedBytes, _storage.Cache.Statistics.IdleBytes));
    }

    [Fact]
    public async Task A_version_deleted_between_naming_and_loading_is_not_found()
    {
        await PutAsync(1);
        var version = _storage.Catalog.Resolve("acme", "a");
        await _storage.Catalog.DeleteAsync("acme", "a", Cancellation);
        var error = await Assert.ThrowsAsync<AdapterStoreException>(async () => await _storage.Cache.AcquireAsync(version, Cancellation));
        Assert.Equal((AdapterErrorKind.NotFound, "adapter_not_found"), (error.Kind, error.Code));
    }

    [Fact]
    public async Task Another_base_model_hides_what_was_not_verified_on_it_until_it_is_uploaded_again()
    {
        var first = await PutAsync(1);
        Reopen("sha256:b1");
        Assert.Empty(_storage.Catalog.List("acme"));
        var error = Assert.Throws<AdapterStoreException>(() => _storage.Catalog.Resolve("acme", "a"));
        Assert.Equal((AdapterErrorKind.Unservable, "wrong_base"), (error.Kind, error.Code));
        var again = await PutAsync(1);
        Assert.Equal((false, 1, first.Descriptor.Digest), (again.Created, again.Descriptor.Version, again.Descriptor.Digest));
        Assert.Equal("sha256:b1", Assert.Single(_storage.Catalog.List("acme")).Base);
        Reopen();
        Assert.Equal(Bases.Fingerprint, Assert.Single(_storage.Catalog.List("acme")).Base);
    }

    [Fact]
    public async Task A_descriptor_is_written_in_snake_case()
    {
        var put = await PutAsync(1);
        var json = JsonSerializer.SerializeToElement(put.Descriptor, AdapterJsonContext.Default.AdapterDescriptor);
        Assert.Equal("a", json.GetProperty("name").GetString());
        Assert.Equal(1, json.GetProperty("version").GetInt32());
        Assert.Matches("^sha256:[0-9a-f]{64}$", json.GetProperty("digest").GetString());
        Assert.Equal("lora", json.GetProperty("kind").GetString());
        Assert.Equal("""["low_rank"]""", json.GetProperty("forms").GetRawText());
        Assert.Equal("exact", json.GetProperty("exactness").GetString());
        Assert.Equal("[2]", json.GetProperty("ranks").GetRawText());
        Assert.Equal(new SmallLora().Files().Values.Sum(file => file.Length), json.GetProperty("bytes").GetInt64());
        Assert.Equal("ready", json.GetProperty("state").GetString());
        Assert.Equal("float32", json.GetProperty("dtype").GetString());
        Assert.Equal(4, json.GetProperty("sites").GetInt32());
        Assert.Equal(Bases.Fingerprint, json.GetProperty("base").GetString());
        Assert.True(json.GetProperty("current").GetBoolean());
        Assert.True(json.TryGetProperty("weight_bytes", out _) && json.TryGetProperty("created_at", out _));
    }

    [Fact]
    public async Task Everything_survives_a_restart()
    {
        await PutAsync(1);
        await PutAsync(2);
        await _storage.PutAsync("b", new SmallLora(3).Files(), tenant: "other");
        var before = JsonSerializer.Serialize(_storage.Catalog.Versions("acme", "a"), AdapterJsonContext.Default.IReadOnlyListAdapterDescriptor);
        Reopen();
        Assert.Equal(before, JsonSerializer.Serialize(_storage.Catalog.Versions("acme", "a"), AdapterJsonContext.Default.IReadOnlyListAdapterDescriptor));
        Assert.Equal("b", Assert.Single(_storage.Catalog.List("other")).Name);
        using var lease = await _storage.Cache.AcquireAsync(_storage.Catalog.Resolve("acme", "a@1"), Cancellation);
        Assert.Equal(_storage.Catalog.Get("acme", "a", "1").Digest, lease.Weights.Digest);
    }

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private static void AssertNotFound(Action action)
    {
        var error = Assert.Throws<AdapterStoreException>(action);
        Assert.Equal((AdapterErrorKind.NotFound, "adapter_not_found"), (error.Kind, error.Code));
    }

    private Task<UploadResult> PutAsync(int seed) => _storage.PutAsync("a", new SmallLora(seed).Files());

    private Task<AdapterStoreException> DeleteVersionAsync(string selector) =>
        Assert.ThrowsAsync<AdapterStoreException>(() => _storage.Catalog.DeleteAsync("acme", "a", selector, Cancellation));

    private void Reopen(string fingerprint = Bases.Fingerprint)
    {
        _storage.Dispose();
        _storage = _folder.Open(Bases.SmallWith(fingerprint));
    }
}
