namespace AdapterServe.AdapterStore.Access;

/// <summary>An API key without what proves it.</summary>
/// <param name="Id">What names it.</param>
/// <param name="Tenant">In whose name it acts.</param>
/// <param name="Name">What its owner calls it; may be empty.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record ApiKey(string Id, string Tenant, string Name, AccessScopes Scopes, DateTimeOffset CreatedAt)
{
    /// <summary>From then on it is refused; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Since when it is refused.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>When it was last used, to within an hour.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Until when the secret before the last rotation is taken too.</summary>
    public DateTimeOffset? PreviousUntil { get; init; }

    /// <summary>The part of the key that may be shown.</summary>
    public string Prefix => KeyText.Mark + Id;

    /// <summary>Who did something, for the audit log.</summary>
    public string Actor => "key:" + Id;
}
