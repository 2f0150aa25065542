using System.Text.Json.Serialization;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Rest.Keys;

/// <summary>An API key as clients see it.</summary>
/// <param name="Id">What names it.</param>
/// <param name="Object">Always <c>api_key</c>.</param>
/// <param name="Prefix">How it begins.</param>
/// <param name="Tenant">In whose name it acts.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">From then on it is refused; null: never.</param>
/// <param name="RevokedAt">Since when it is refused.</param>
/// <param name="LastUsedAt">When it was last used, to within an hour.</param>
/// <param name="PreviousUntil">Until when the secret before the last rotation is taken too.</param>
internal sealed record KeyItem(
    string Id,
    string Object,
    string Prefix,
    string Tenant,
    string Name,
    IReadOnlyList<string> Scopes,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt,
    DateTimeOffset? LastUsedAt,
    DateTimeOffset? PreviousUntil)
{
    /// <summary>The whole key, when it has just been made; never again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Key { get; init; }

    public static KeyItem Of(ApiKey key) => new(
        key.Id, "api_key", key.Prefix, key.Tenant, key.Name, ScopeNames.Of(key.Scopes), key.CreatedAt, key.ExpiresAt, key.RevokedAt, key.LastUsedAt, key.PreviousUntil);

    public static KeyItem Of(NewApiKey made) => Of(made.Key) with { Key = made.Secret };
}
