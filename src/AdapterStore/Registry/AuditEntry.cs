namespace AdapterServe.AdapterStore.Registry;

/// <summary>One line of the audit log: who did what when, to which content, and how it ended.</summary>
/// <param name="Actor">Who.</param>
/// <param name="Action">What: <c>put</c>, <c>delete</c>, <c>delete_version</c>, <c>restore</c>, <c>purge</c>, <c>alias</c>, <c>delete_alias</c>, <c>update</c>, <c>verify</c>, <c>quarantine</c>; of tenants <c>put_tenant</c>, <c>delete_tenant</c>; of keys, which the name then is the id of, <c>create_key</c>, <c>rotate_key</c>, <c>revoke_key</c>.</param>
/// <param name="Version">Of which version; where none is named, the current one.</param>
/// <param name="Digest">Of which content, where it is about one.</param>
/// <param name="Outcome"><c>ok</c>, or the code of the refusal; then nothing was changed.</param>
/// <param name="Detail">More, for a person.</param>
public sealed record AuditEntry(string Actor, string Action, long? Version = null, string? Digest = null, string Outcome = AuditEntry.Ok, string? Detail = null)
{
    public const string Ok = "ok";

    /// <summary>The actor of what nobody asked for.</summary>
    public const string Server = "server";

    /// <summary>The change's number.</summary>
    public long Revision { get; init; }

    /// <summary>When, UTC.</summary>
    public string HappenedAt { get; init; } = string.Empty;

    public string Tenant { get; init; } = string.Empty;

    /// <summary>Of which adapter; empty where it is about the tenant itself.</summary>
    public string Name { get; init; } = string.Empty;
}
