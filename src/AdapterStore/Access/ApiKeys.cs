using System.Collections.Concurrent;
using System.Threading.Channels;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Access;

/// <summary>
/// The API keys of a registry. Needs the registry alone, so keys can be made before a server ever ran, and beside one that runs.
/// <b>Semantics</b>: of a secret only a salted hash is kept; all keys are in memory, so that looking at one asks no database. A revoked key stays known as such.
/// <b>Effects</b>: any thread. <b>Errors</b>: those of the registry.
/// </summary>
public sealed class ApiKeys : IDisposable
{
    private const int MostNameCharacters = 128;
    private const int MostNotes = 1024;

    private readonly Channel<(string Id, DateTimeOffset At)> _uses =
        Channel.CreateBounded<(string, DateTimeOffset)>(new BoundedChannelOptions(MostNotes) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly RegistryDatabase _database;
    private readonly TimeProvider _time;
    private readonly KeyTable _table;
    private ConcurrentDictionary<string, KnownKey> _keys = new(StringComparer.Ordinal);
    private (string Registry, long Revision) _seen = (string.Empty, 0);
    private RegistryFollower? _follower;

    private ApiKeys(RegistryDatabase database, TimeProvider time)
    {
        (_database, _time) = (database, time);
        _table = new KeyTable(database, time);
    }

    /// <summary>Whether any key was ever made, revoked ones included: from then on nobody is let in without one.</summary>
    public bool Any => !Keys.IsEmpty;

    /// <summary>The longest time that a rotated key's old secret may be good, and that a key may be made for.</summary>
    public static TimeSpan LongestTime { get; } = TimeSpan.FromDays(3650);

    private ConcurrentDictionary<string, KnownKey> Keys => Volatile.Read(ref _keys);

    /// <summary>Opens the registry, creates or updates its schema, and reads the keys.</summary>
    /// <param name="options">Where the registry is; nothing else of them is used.</param>
    /// <param name="time">For tests.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ApiKeys> OpenAsync(AdapterStoreOptions options, TimeProvider? time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        FileSystem.CreateFolder(options.DataDirectory);
        var clock = time ?? TimeProvider.System;
        var keys = new ApiKeys(RegistryAddress.Open(options, clock), clock);
        try
        {
            await Migrations.ApplyAsync(keys._database, RegistryTime.Format(clock.GetUtcNow()), cancellationToken).ConfigureAwait(false);
            await keys.CatchUpAsync(cancellationToken).ConfigureAwait(false);
            return keys;
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    /// <summary>From now on takes over what others change, within a second, and remembers when keys were used.</summary>
    public void Follow()
    {
        _follower = new RegistryFollower(_database, CatchUpAsync, _time);
        _ = SaveUsesAsync();
    }

    /// <summary>By tenant and age.</summary>
    /// <param name="tenant">Whose; null: everybody's.</param>
    public IReadOnlyList<ApiKey> List(string? tenant) =>
        [.. Keys.Values.Select(known => known.Key).Where(key => tenant is null || key.Tenant == tenant).OrderBy(key => key.Tenant, StringComparer.Ordinal).ThenBy(key => key.CreatedAt).ThenBy(key => key.Id, StringComparer.Ordinal)];

    /// <summary><b>Errors</b>: NotFound (<c>key_not_found</c>).</summary>
    /// <param name="tenant">Whose key it must be; null: anybody's.</param>
    /// <param name="id">The key's.</param>
    public ApiKey Get(string? tenant, string id) => Keys.TryGetValue(id, out var known) && (tenant is null || known.Key.Tenant == tenant) ? known.Key : throw NoKey(id);

    /// <summary>What a text is that somebody shows as a key. Takes the same time for an id that nobody has and for a wrong secret.</summary>
    public (KeyState State, ApiKey? Key) Check(ReadOnlySpan<char> text)
    {
        if (!KeyText.TrySplit(text, out var id, out var secret))
        {
            return (KeyState.Unknown, null);
        }

        var now = _time.GetUtcNow();
        var isThere = Keys.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(id, out var known);
        var isProven = (known ?? KnownKey.Nobody).IsProvenBy(secret, now);
        if (!isThere || !isProven)
        {
            return (KeyState.Unknown, null);
        }

        var state = known!.StateAt(now);
        if (state == KeyState.Good && known.TakeNote(now))
        {
            _uses.Writer.TryWrite((known.Key.Id, now));
        }

        return (state, known.Key);
    }

    /// <summary>
    /// <b>Errors</b>: also Malformed (<c>invalid_tenant</c>, <c>invalid_key_name</c>, <c>invalid_scopes</c>, <c>invalid_lifetime</c>), Conflict (<c>too_many_keys</c>).
    /// </summary>
    public async Task<NewApiKey> CreateAsync(ApiKeyWish wish, string actor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wish);
        Require(wish);
        var (id, secret) = (KeyText.NewId(), KeyText.NewSecret());
        var row = await _table.AddAsync(wish, id, KeySecret.Of(secret), actor, cancellationToken).ConfigureAwait(false);
        return new NewApiKey(await TakeAsync(row).ConfigureAwait(false), KeyText.Join(id, secret));
    }

    /// <summary>From now on it is refused. <b>Errors</b>: also NotFound (<c>key_not_found</c>).</summary>
    /// <param name="tenant">Whose key it must be; null: anybody's.</param>
    /// <param name="id">The key's.</param>
    /// <param name="actor">Who asks for it.</param>
    /// <param name="cancellationToken">Gives up before anything has happened.</param>
    public async Task<ApiKey> RevokeAsync(string? tenant, string id, string actor, CancellationToken cancellationToken) =>
        await TakeAsync(await _table.RevokeAsync(tenant, id, actor, cancellationToken).ConfigureAwait(false) ?? throw NoKey(id)).ConfigureAwait(false);

    /// <summary>Gives a key a new secret; the old one is good for a while longer. <b>Errors</b>: also NotFound (<c>key_not_found</c>), Malformed (<c>invalid_lifetime</c>).</summary>
    /// <param name="tenant">Whose key it must be; null: anybody's.</param>
    /// <param name="id">The key's.</param>
    /// <param name="grace">How long; zero: no longer.</param>
    /// <param name="actor">Who asks for it.</param>
    /// <param name="cancellationToken">Gives up before anything has happened.</param>
    public async Task<NewApiKey> RotateAsync(string? tenant, string id, TimeSpan grace, string actor, CancellationToken cancellationToken)
    {
        RequireTime(grace, TimeSpan.Zero);
        var secret = KeyText.NewSecret();
        var row = await _table.RotateAsync(tenant, id, KeySecret.Of(secret), grace, actor, cancellationToken).ConfigureAwait(false) ?? throw NoKey(id);
        return new NewApiKey(await TakeAsync(row).ConfigureAwait(false), KeyText.Join(id, secret));
    }

    /// <summary>Stops following, and forgets.</summary>
    public void Dispose()
    {
        _uses.Writer.TryComplete();
        _follower?.Dispose();
        _database.Dispose();
    }

    private static void Require(ApiKeyWish wish)
    {
        AdapterNames.RequireTenant(wish.Tenant);
        if (wish.Name.Length > MostNameCharacters || wish.Name.Any(letter => char.IsControl(letter) || char.IsSurrogate(letter)))
        {
            throw StoreErrors.Malformed("invalid_key_name", $"A key's name has at most {MostNameCharacters} printable characters.");
        }

        if (wish.Scopes == AccessScopes.None)
        {
            throw StoreErrors.Malformed("invalid_scopes", $"A key has at least one scope of {string.Join(", ", ScopeNames.All)}.");
        }

        if (wish.Tenant == AdapterNames.SharedTenant)
        {
            throw StoreErrors.Malformed("invalid_tenant", $"'{AdapterNames.SharedTenant}' belongs to all tenants; keys are made for one.");
        }

        RequireTime(wish.Lifetime ?? LongestTime, TimeSpan.FromSeconds(1));
    }

    private static void RequireTime(TimeSpan time, TimeSpan least)
    {
        if (time < least || time > LongestTime)
        {
            throw StoreErrors.Malformed("invalid_lifetime", $"A key is good for {least.TotalSeconds} seconds to {LongestTime.TotalDays} days.");
        }
    }

    private static AdapterStoreException NoKey(string id) => new(AdapterErrorKind.NotFound, "key_not_found", $"There is no key '{AdapterNames.Shorten(id)}'.");

    /// <summary>What was changed here holds here at once; elsewhere when they hear of it.</summary>
    private async Task<ApiKey> TakeAsync(KeyRow row)
    {
        await CatchUpAsync(CancellationToken.None).ConfigureAwait(false);
        return row.ToKey();
    }

    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var (registry, revision, isAll, rows) = await _table.ReadSinceAsync(_seen.Registry, _seen.Revision, cancellationToken).ConfigureAwait(false);
            var keys = isAll ? new ConcurrentDictionary<string, KnownKey>(StringComparer.Ordinal) : Keys;
            foreach (var row in rows)
            {
                keys[row.Id] = row.ToKnown();
            }

            Volatile.Write(ref _keys, keys);
            _seen = (registry, revision);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task SaveUsesAsync()
    {
        await foreach (var (id, at) in _uses.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                await _table.SaveUseAsync(id, at, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception error) when (error is AdapterStoreException or ObjectDisposedException or InvalidOperationException)
            {
                // The next hour's use is remembered.
            }
        }
    }
}
