using AdapterServe.AdapterStore.Access;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Tests.Postgres;

namespace AdapterServe.AdapterStore.Tests.Access;

public sealed class SqliteApiKeysTests() : ApiKeysTests(registry: null);

public sealed class PostgresApiKeysTests(PostgresServer postgres) : ApiKeysTests(postgres.NewRegistry());

/// <summary>Keys from their making to their end, and what is left of them in the database.</summary>
public abstract class ApiKeysTests : IDisposable
{
    private readonly TestFolder _folder;
    private readonly ManualTime _time = new();

    protected ApiKeysTests(string? registry) => _folder = new TestFolder(registry);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_known_by_its_secret_and_by_nothing_else()
    {
        using var keys = await OpenAsync();
        Assert.False(keys.Any);
        var made = await keys.CreateAsync(new ApiKeyWish("acme", AccessScopes.Infer | AccessScopes.Upload) { Name = "laptop" }, "tests", Cancellation);
        Assert.True(keys.Any);
        Assert.Matches("^as-[0-9a-f]{12}-[0-9a-f]{64}$", made.Secret);
        Assert.StartsWith(made.Key.Prefix + "-", made.Secret, StringComparison.Ordinal);
        var (state, key) = keys.Check(made.Secret);
        Assert.Equal((KeyState.Good, "acme", "laptop", AccessScopes.Infer | AccessScopes.Upload), (state, key!.Tenant, key.Name, key.Scopes));
        var other = made.Secret[..^1] + (made.Secret[^1] == '0' ? '1' : '0');
        string[] wrong = [other, made.Secret[..^1], made.Secret + "0", made.Secret.ToUpperInvariant(), made.Secret.Replace("as-", "as_", StringComparison.Ordinal), "", "as-", made.Key.Id, new string('é', made.Secret.Length)];
        Assert.All(wrong, text => Assert.Equal((KeyState.Unknown, null), keys.Check(text)));
        Assert.Equal((KeyState.Unknown, null), keys.Check("as-" + new string('0', 12) + made.Secret[15..]));
    }

    [Fact]
    public async Task An_expired_and_a_revoked_key_are_told_only_to_who_has_the_secret()
    {
        using var keys = await OpenAsync();
        var short1 = await keys.CreateAsync(new ApiKeyWish("acme", AccessScopes.Infer) { Lifetime = TimeSpan.FromHours(1) }, "tests", Cancellation);
        var other = await keys.CreateAsync(new ApiKeyWish("acme", AccessScopes.Infer), "tests", Cancellation);
        _time.Now += TimeSpan.FromMinutes(59);
        Assert.Equal(KeyState.Good, keys.Check(short1.Secret).State);
        _time.Now += TimeSpan.FromMinutes(1);
        Assert.Equal(KeyState.Expired, keys.Check(short1.Secret).State);
        Assert.Equal(KeyState.Good, keys.Check(other.Secret).State);
        await keys.RevokeAsync("acme", other.Key.Id, "tests", Cancellation);
        Assert.Equal(KeyState.Revoked, keys.Check(other.Secret).State);
        Assert.Equal(KeyState.Unknown, keys.Check(other.Secret[..16] + short1.Secret[16..]).State);
        Assert.True(keys.Any);
        using var again = await OpenAsync();
        Assert.Equal((KeyState.Revoked, KeyState.Expired, true), (again.Check(other.Secret).State, again.Check(short1.Secret).State, again.Any));
    }

    [Fact]
    public async Task After_a_rotation_both_secrets_are_good_for_the_grace_period()
    {
        using var keys = await OpenAsync();
        var first = await keys.CreateAsync(new ApiKeyWish("acme", AccessScopes.Infer), "tests", Cancellation);
        var second = await keys.RotateAsync("acme", first.Key.Id, TimeSpan.FromHours(2), "tests", Cancellation);
        Assert.Equal(first.Key.Id, second.Key.Id);
        Assert.NotEqual(first.Secret, second.Secret);
        Assert.Equal((KeyState.Good, KeyState.Good), (keys.Check(first.Secret).State, keys.Check(second.Secret).State));
        _time.Now += TimeSpan.FromHours(2);
        Assert.Equal((KeyState.Unknown, KeyState.Good), (keys.Check(first.Secret).State, keys.Check(second.Secret).State));
        var third = await keys.RotateAsync("acme", first.Key.Id, TimeSpan.Zero, "tests", Cancellation);
        Assert.Equal((KeyState.Unknown, KeyState.Good), (keys.Check(second.Secret).State, keys.Check(third.Secret).State));
        await keys.RevokeAsync(null, first.Key.Id, "tests", Cancellation);
        Assert.Equal(KeyState.Revoked, keys.Check(third.Secret).State);
        await RefusedAsync("key_not_found", () => keys.RotateAsync("acme", first.Key.Id, TimeSpan.Zero, "tests", Cancellation));
    }

    [Fact]
    public async Task Another_tenants_key_is_one_that_is_not_there()
    {
        using var keys = await OpenAsync();
        var made = await keys.CreateAsync(new ApiKeyWish("acme", AccessScopes.Infer), "tests", Cancellation);
        await RefusedAsync("key_not_found", () => keys.RevokeAsync("other", made.Key.Id, "tests", Cancellation));
        await RefusedAsync("key_not_found", () => keys.RotateAsync("other", made.Key.Id, TimeSpan.Zero, "tests", Cancellation));
        Assert.Equal("key_not_found", Assert.Throws<AdapterStoreException>(() => keys.Get("other", made.Key.Id)).Code);
        Assert.Empty(keys.List("other"));
        Assert.Equal(KeyState.Good, keys.Check(made.Secret).State);
    }

    [Fact]
    public async Task A_revocation_reaches_those_who_follow()
    {
        using var here = await OpenAsync();
        using var there = await OpenAsync();
        there.Follow();
        var made = await here.CreateAsync(new ApiKeyWish("acme", AccessScopes.Infer), "tests", Cancellation);
        await UntilAsync(() => there.Check(made.Secret).State == KeyState.Good);
        await here.RevokeAsync("acme", made.Key.Id, "tests", Cancellation);
        await UntilAsync(() => there.Check(made.Secret).State == KeyState.Revoked);
    }

    [Fact]
    public async Task When_a_key_was_used_is_remembered_to_within_an_hour()
    {
        using var keys = await OpenAsync();
        keys.Follow();
        var made = await keys.CreateAsync(new ApiKeyWish("acme", AccessScopes.Infer), "tests", Cancellation);
        keys.Check(made.Secret);
        var used = _time.Now;
        await UntilAsync(async () => await LastUsedAsync(made.Key.Id) == used);
        _time.Now += TimeSpan.FromMinutes(59);
        keys.Check(made.Secret);
        _time.Now += TimeSpan.FromMinutes(1);
        keys.Check(made.Secret);
        await UntilAsync(async () => await LastUsedAsync(made.Key.Id) == _time.Now);
    }

    [Fact]
    public async Task Neither_the_files_nor_the_audit_log_have_a_secret()
    {
        var wish = new ApiKeyWish("acme", AccessScopes.Admin) { Name = "ops" };
        using var storage = _folder.Open();
        NewApiKey made;
        using (var keys = await OpenAsync())
        {
            made = await keys.CreateAsync(wish, "me", Cancellation);
            await keys.RotateAsync("acme", made.Key.Id, TimeSpan.FromDays(1), "me", Cancellation);
            await keys.RevokeAsync("acme", made.Key.Id, "me", Cancellation);
        }

        var audit = await storage.Audit.ReadAsync(new AuditQuery("acme", 0, 10), Cancellation);
        Assert.Equal(["create_key", "rotate_key", "revoke_key"], audit.Select(entry => entry.Action));
        Assert.All(audit, entry => Assert.Equal(("me", made.Key.Id, "admin"), (entry.Actor, entry.Name, entry.Detail)));
        Assert.Empty(await storage.Audit.ReadAsync(new AuditQuery("acme", 0, 10) { ChangesOnly = true }, Cancellation));
        foreach (var path in _folder.Registry is null ? Directory.GetFiles(_folder.Data, "registry.db*") : [])
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file, System.Text.Encoding.Latin1);
            var content = await reader.ReadToEndAsync(Cancellation);
            Assert.DoesNotContain(made.Secret[16..], content, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("Acme", AccessScopes.Infer, "", 60, "invalid_tenant")]
    [InlineData("../acme", AccessScopes.Infer, "", 60, "invalid_tenant")]
    [InlineData("shared", AccessScopes.Infer, "", 60, "invalid_tenant")]
    [InlineData("acme", AccessScopes.None, "", 60, "invalid_scopes")]
    [InlineData("acme", AccessScopes.Infer, "a\nb", 60, "invalid_key_name")]
    [InlineData("acme", AccessScopes.Infer, "", 0, "invalid_lifetime")]
    [InlineData("acme", AccessScopes.Infer, "", 1e9, "invalid_lifetime")]
    public async Task What_can_be_no_key_is_refused(string tenant, AccessScopes scopes, string name, double seconds, string code)
    {
        using var keys = await OpenAsync();
        var wish = new ApiKeyWish(tenant, scopes) { Name = name, Lifetime = TimeSpan.FromSeconds(seconds) };
        await RefusedAsync(code, () => keys.CreateAsync(wish, "tests", Cancellation));
        Assert.False(keys.Any);
    }

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private static async Task RefusedAsync(string code, Func<Task> change) => Assert.Equal(code, (await Assert.ThrowsAsync<AdapterStoreException>(change)).Code);

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            await Task.Delay(20, Cancellation);
        }
    }

    private async Task<DateTimeOffset?> LastUsedAsync(string id)
    {
        using var keys = await OpenAsync();
        return keys.Get(null, id).LastUsedAt;
    }

    private Task<ApiKeys> OpenAsync() => ApiKeys.OpenAsync(new AdapterStoreOptions { DataDirectory = _folder.Data, Registry = _folder.Registry }, _time, Cancellation);
}
