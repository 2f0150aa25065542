using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using AdapterServe.Client.Http;

namespace AdapterServe.Client.Access;

/// <summary>API keys: a tenant's for its administrators, everybody's for operators. <b>Effects</b> and <b>Errors</b>: as <see cref="AdapterServeClient"/>.</summary>
public sealed class KeyCalls
{
    private readonly RestConnection _rest;

    internal KeyCalls(RestConnection rest) => _rest = rest;

    /// <param name="tenant">Whose; null: all that the caller may see.</param>
    /// <param name="cancellation">Ends it.</param>
    public async IAsyncEnumerable<KeyDescription> ListAsync(string? tenant = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var of = tenant is null ? string.Empty : "&tenant=" + Uri.EscapeDataString(tenant);
        await foreach (var item in _rest.ListAsync("v1/keys?limit=200" + of, "id", cancellation).ConfigureAwait(false))
        {
            yield return KeyDescription.Of(item);
        }
    }

    /// <param name="scopes">Of infer, upload, admin and operator.</param>
    /// <param name="tenant">In whose name it acts; null: the caller's.</param>
    /// <param name="name">What it is called; null: nothing.</param>
    /// <param name="lifetime">How long it is good, in whole seconds; null: for ever.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<KeyDescription> CreateAsync(
        IReadOnlyList<string> scopes, string? tenant = null, string? name = null, TimeSpan? lifetime = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scopes);
        var body = new JsonObject { ["scopes"] = new JsonArray([.. scopes.Select(scope => (JsonNode)scope)]) };
        Add(body, "tenant", tenant);
        Add(body, "name", name);
        Add(body, "expires_in", lifetime is { } time ? (long)time.TotalSeconds : null);
        return KeyDescription.Of(await _rest.AskAsync(HttpMethod.Post, "v1/keys", RestConnection.Json(body), cancellation).ConfigureAwait(false));
    }

    /// <summary>From now on it is refused.</summary>
    public async Task<KeyDescription> RevokeAsync(string id, CancellationToken cancellation = default) =>
        KeyDescription.Of(await _rest.AskAsync(HttpMethod.Delete, PathOf(id), null, cancellation).ConfigureAwait(false));

    /// <summary>Gives it a new secret.</summary>
    /// <param name="id">The key's.</param>
    /// <param name="grace">How long the old one is good besides; null: the server's usual time.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<KeyDescription> RotateAsync(string id, TimeSpan? grace = null, CancellationToken cancellation = default)
    {
        var body = new JsonObject();
        Add(body, "grace_seconds", grace is { } time ? (long)time.TotalSeconds : null);
        return KeyDescription.Of(await _rest.AskAsync(HttpMethod.Post, PathOf(id) + ":rotate", RestConnection.Json(body), cancellation).ConfigureAwait(false));
    }

    private static string PathOf(string id) => "v1/keys/" + Uri.EscapeDataString(id);

    private static void Add(JsonObject body, string name, JsonNode? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }
}
