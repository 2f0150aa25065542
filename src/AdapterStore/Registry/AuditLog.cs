using System.Data.Common;
using Dapper;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>The statements of the audit log, which only grows.</summary>
internal static class AuditLog
{
    public static Task<int> AppendAsync(DbConnection connection, AuditEntry entry) => connection.ExecuteAsync(
        """
        INSERT INTO audit (revision, happened_at, tenant, name, actor, action, version, digest, outcome, detail)
        VALUES (@Revision, @HappenedAt, @Tenant, @Name, @Actor, @Action, @Version, @Digest, @Outcome, @Detail)
        """,
        new { entry.Revision, entry.HappenedAt, entry.Tenant, entry.Name, entry.Actor, entry.Action, entry.Version, entry.Digest, entry.Outcome, entry.Detail });

    public static async Task<List<AuditEntry>> ReadAsync(DbConnection connection, AuditQuery query)
    {
        var conditions = "tenant = @Tenant AND revision > @After"
            + (query.Name is null ? string.Empty : " AND name = @Name")
            + (query.Action is null ? string.Empty : " AND action = @Action")
            + (query.ChangesOnly ? $" AND outcome = '{AuditEntry.Ok}' AND action NOT IN ('create_key', 'rotate_key', 'revoke_key', 'put_tenant', 'delete_tenant')" : string.Empty);
        var rows = await connection.QueryAsync<AuditRow>(
            "SELECT revision AS Revision, happened_at AS HappenedAt, tenant AS Tenant, name AS Name, actor AS Actor, action AS Action, version AS Version, digest AS Digest, "
            + $"outcome AS Outcome, detail AS Detail FROM audit WHERE {conditions} ORDER BY revision LIMIT @Limit",
            new { query.Tenant, query.After, query.Name, query.Action, Limit = (long)query.Limit }).ConfigureAwait(false);
        return [.. rows.Select(row => row.ToEntry())];
    }

    private sealed class AuditRow
    {
        public required long Revision { get; init; }

        public required string HappenedAt { get; init; }

        public required string Tenant { get; init; }

        public required string Name { get; init; }

        public required string Actor { get; init; }

        public required string Action { get; init; }

        public long? Version { get; init; }

        public string? Digest { get; init; }

        public required string Outcome { get; init; }

        public string? Detail { get; init; }

        public AuditEntry ToEntry() => new(Actor, Action, Version, Digest, Outcome, Detail) { Revision = Revision, HappenedAt = HappenedAt, Tenant = Tenant, Name = Name };
    }
}
