namespace AdapterServe.AdapterServer.Commands;

/// <summary>An API key in a registry.</summary>
/// <param name="Id">What names it.</param>
/// <param name="Tenant">In whose name it acts.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">From then on it is refused; null: never.</param>
/// <param name="RevokedAt">Since when it is refused.</param>
public sealed record OfflineKey(string Id, string Tenant, string Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt)
{
    /// <summary>The whole key when it has just been made; else null.</summary>
    public string? Key { get; init; }
}
