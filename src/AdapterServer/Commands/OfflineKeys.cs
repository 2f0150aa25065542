using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Commands;

/// <summary>API keys straight in the registry: the first one is made before a server runs that asks for keys. A server that runs takes over what is changed within a second.</summary>
public static class OfflineKeys
{
    private const string Actor = "command-line";

    /// <param name="arguments">A server's options: <c>--data</c> or <c>--registry</c>.</param>
    /// <param name="tenant">In whose name it acts.</param>
    /// <param name="name">What it is called; may be empty.</param>
    /// <param name="scopes">Of infer, upload, admin and operator.</param>
    /// <param name="lifetime">How long it is good; null: for ever.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The key with what proves it, which is known now and never again. <b>Errors</b>: <see cref="CommandException"/>.</returns>
    public static Task<OfflineKey> CreateAsync(
        IReadOnlyList<string> arguments, string tenant, string name, IReadOnlyList<string> scopes, TimeSpan? lifetime, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(scopes);
        var wanted = AccessScopes.None;
        foreach (var scope in scopes)
        {
            wanted |= ScopeNames.Find(scope) ?? throw new CommandException($"There is no scope '{scope}'; there are {string.Join(", ", ScopeNames.All)}.");
        }

        return WithKeysAsync(
            arguments,
            async keys =>
            {
                if (!keys.Any && !wanted.HasFlag(AccessScopes.Operator))
                {
                    throw new CommandException("The first key has the scope 'operator': from then on nobody is let in without a key, and somebody must be able to make the others.");
                }

                var made = await keys.CreateAsync(new ApiKeyWish(tenant, wanted) { Name = name, Lifetime = lifetime }, Actor, cancellation).ConfigureAwait(false);
                return Of(made.Key) with { Key = made.Secret };
            },
            cancellation);
    }

    /// <summary>Everybody's, by tenant and age. <b>Errors</b>: <see cref="CommandException"/>.</summary>
    public static Task<IReadOnlyList<OfflineKey>> ListAsync(IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        WithKeysAsync<IReadOnlyList<OfflineKey>>(arguments, keys => Task.FromResult<IReadOnlyList<OfflineKey>>([.. keys.List(null).Select(Of)]), cancellation);

    /// <summary>From now on it is refused. <b>Errors</b>: <see cref="CommandException"/>.</summary>
    public static Task<OfflineKey> RevokeAsync(IReadOnlyList<string> arguments, string id, CancellationToken cancellation) =>
        WithKeysAsync(arguments, async keys => Of(await keys.RevokeAsync(null, id, Actor, cancellation).ConfigureAwait(false)), cancellation);

    private static async Task<T> WithKeysAsync<T>(IReadOnlyList<string> arguments, Func<ApiKeys, Task<T>> body, CancellationToken cancellation)
    {
        try
        {
            using var keys = await ApiKeys.OpenAsync(ServerSettings.Store(ServerSettings.Of(arguments)), null, cancellation).ConfigureAwait(false);
            return await body(keys).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AdapterStoreException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(e.Message, e);
        }
    }

    private static OfflineKey Of(ApiKey key) => new(key.Id, key.Tenant, key.Name, ScopeNames.Of(key.Scopes), key.CreatedAt, key.ExpiresAt, key.RevokedAt);
}
