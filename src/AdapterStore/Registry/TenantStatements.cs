using System.Data.Common;
using AdapterServe.AdapterStore.Tenants;
using Dapper;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>The statements about tenants.</summary>
internal static class TenantStatements
{
    private const string Select = "SELECT tenant AS Tenant, settings AS Settings, revision AS Revision FROM tenants";

    /// <summary>Those whose settings changed after a revision.</summary>
    public static async Task<IReadOnlyList<TenantRow>> ReadSinceAsync(DbConnection connection, long revision) =>
        [.. await connection.QueryAsync<TenantRow>(Select + " WHERE revision > @revision", new { revision }).ConfigureAwait(false)];

    public static Task<TenantRow?> FindAsync(DbConnection connection, string tenant) =>
        connection.QuerySingleOrDefaultAsync<TenantRow>(Select + " WHERE tenant = @tenant", new { tenant });

    public static Task<int> SaveAsync(DbConnection connection, TenantRow row, string now) => connection.ExecuteAsync(
        """
        INSERT INTO tenants (tenant, created_at, settings, revision) VALUES (@Tenant, @now, @Settings, @Revision)
        ON CONFLICT (tenant) DO UPDATE SET settings = @Settings, revision = @Revision
        """,
        new { row.Tenant, row.Settings, row.Revision, now });

    /// <summary>Also what the transaction has written.</summary>
    public static async Task<TenantUse> UseAsync(DbConnection connection, string tenant)
    {
        var (adapters, bytes) = await connection.QuerySingleAsync<(long, long)>(
            """
            SELECT (SELECT COUNT(*) FROM adapters WHERE tenant = @tenant AND current_version IS NOT NULL AND deleted_at IS NULL),
                   (SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM versions WHERE tenant = @tenant)
            """,
            new { tenant }).ConfigureAwait(false);
        return new TenantUse(adapters, bytes);
    }
}
