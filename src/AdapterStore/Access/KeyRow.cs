using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Access;

/// <summary>A row of <c>api_keys</c>.</summary>
internal sealed class KeyRow
{
    public const string Columns =
        """
        id AS Id, tenant AS Tenant, name AS Name, scopes AS Scopes, salt AS Salt, hash AS Hash, previous_salt AS PreviousSalt, previous_hash AS PreviousHash,
        previous_until AS PreviousUntil, created_at AS CreatedAt, expires_at AS ExpiresAt, revoked_at AS RevokedAt, last_used_at AS LastUsedAt
        """;

    public required string Id { get; init; }

    public required string Tenant { get; init; }

    public required string Name { get; init; }

    public required string Scopes { get; init; }

    public required string Salt { get; init; }

    public required string Hash { get; init; }

    public string? PreviousSalt { get; init; }

    public string? PreviousHash { get; init; }

    public string? PreviousUntil { get; init; }

    public required string CreatedAt { get; init; }

    public string? ExpiresAt { get; init; }

    public string? RevokedAt { get; init; }

    public string? LastUsedAt { get; init; }

    public KnownKey ToKnown() => new(ToKey(), Secret(Salt, Hash), PreviousHash is null ? null : Secret(PreviousSalt!, PreviousHash));

    public ApiKey ToKey() => new(Id, Tenant, Name, ScopesOf(Scopes), RegistryTime.Parse(CreatedAt))
    {
        ExpiresAt = Time(ExpiresAt),
        RevokedAt = Time(RevokedAt),
        LastUsedAt = Time(LastUsedAt),
        PreviousUntil = Time(PreviousUntil),
    };

    private static KeySecret Secret(string salt, string hash) => new(Convert.FromHexString(salt), Convert.FromHexString(hash));

    private static DateTimeOffset? Time(string? text) => text is null ? null : RegistryTime.Parse(text);

    private static AccessScopes ScopesOf(string names) => names.Split(' ').Aggregate(AccessScopes.None, (scopes, name) => scopes | (ScopeNames.Find(name) ?? AccessScopes.None));
}
