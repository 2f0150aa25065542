namespace AdapterServe.AdapterStore.Access;

/// <summary>A key that somebody wants.</summary>
/// <param name="Tenant">In whose name it shall act.</param>
/// <param name="Scopes">At least one.</param>
public sealed record ApiKeyWish(string Tenant, AccessScopes Scopes)
{
    /// <summary>At most 128 printable characters.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>How long it shall be good; null: for ever.</summary>
    public TimeSpan? Lifetime { get; init; }
}
