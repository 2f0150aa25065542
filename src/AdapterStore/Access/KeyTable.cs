using System.Data.Common;
using AdapterServe.AdapterStore.Registry;
using Dapper;

namespace AdapterServe.AdapterStore.Access;

/// <summary>
/// The registry's table of keys. A change has a number of the registry's own and an entry in the audit log. <b>Errors</b>: those of <see cref="RegistryDatabase"/>.
/// </summary>
internal sealed class KeyTable(RegistryDatabase database, TimeProvider time)
{
    private const int MostOfTenant = 10_000;

    /// <summary>The keys that changed after a number; all of them where the registry is not the one that had it.</summary>
    public Task<(string Registry, long Revision, bool IsAll, IReadOnlyList<KeyRow> Rows)> ReadSinceAsync(string registry, long revision, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async connection =>
            {
                var clock = await AdapterRegistry.ReadClockAsync(connection).ConfigureAwait(false);
                var isAll = clock.Registry != registry || clock.Value < revision;
                IReadOnlyList<KeyRow> rows = !isAll && clock.Value == revision
                    ? []
                    : [.. await connection.QueryAsync<KeyRow>($"SELECT {KeyRow.Columns} FROM api_keys WHERE revision > @after", new { after = isAll ? -1 : revision }).ConfigureAwait(false)];
                return (clock.Registry, clock.Value, isAll, rows);
            },
            cancellationToken);

    /// <summary><b>Errors</b>: also Conflict (<c>too_many_keys</c>).</summary>
    public Task<KeyRow> AddAsync(ApiKeyWish wish, string id, KeySecret secret, string actor, CancellationToken cancellationToken) => database.ChangeAsync(
        async connection =>
        {
            if (await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM api_keys WHERE tenant = @Tenant", wish).ConfigureAwait(false) >= MostOfTenant)
            {
                throw new AdapterStoreException(AdapterErrorKind.Conflict, "too_many_keys", $"The tenant has had {MostOfTenant} keys, which is the most that there may be.");
            }

            var revision = await AdapterRegistry.TickAsync(connection).ConfigureAwait(false);
            var now = time.GetUtcNow();
            await connection.ExecuteAsync(
                """
                INSERT INTO api_keys (id, tenant, name, scopes, salt, hash, created_at, expires_at, revision)
                VALUES (@id, @Tenant, @Name, @scopes, @salt, @hash, @now, @expires, @revision)
                """,
                new
                {
                    id, wish.Tenant, wish.Name, scopes = string.Join(' ', ScopeNames.Of(wish.Scopes)), salt = Convert.ToHexStringLower(secret.Salt), hash = Convert.ToHexStringLower(secret.Hash),
                    now = RegistryTime.Format(now), expires = wish.Lifetime is { } lifetime ? RegistryTime.Format(now + lifetime) : null, revision,
                }).ConfigureAwait(false);
            return await EndAsync(connection, revision, id, new AuditEntry(actor, "create_key")).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>Null where the tenant has no such key.</summary>
    public Task<KeyRow?> RevokeAsync(string? tenant, string id, string actor, CancellationToken cancellationToken) => UpdateAsync(
        tenant, id, new AuditEntry(actor, "revoke_key"), "revoked_at = COALESCE(revoked_at, @now)", _ => new DynamicParameters(), cancellationToken);

    /// <summary>Null where the tenant has no such key that was not revoked.</summary>
    public Task<KeyRow?> RotateAsync(string? tenant, string id, KeySecret secret, TimeSpan grace, string actor, CancellationToken cancellationToken) => UpdateAsync(
        tenant,
        id,
        new AuditEntry(actor, "rotate_key"),
        "previous_salt = salt, previous_hash = hash, previous_until = @until, salt = @salt, hash = @hash",
        now => new DynamicParameters(new { until = RegistryTime.Format(now + grace), salt = Convert.ToHexStringLower(secret.Salt), hash = Convert.ToHexStringLower(secret.Hash) }),
        cancellationToken,
        " AND revoked_at IS NULL");

    /// <summary>No change: nobody waits for it.</summary>
    public Task SaveUseAsync(string id, DateTimeOffset at, CancellationToken cancellationToken) => database.ChangeAsync(
        connection => connection.ExecuteAsync(
            "UPDATE api_keys SET last_used_at = @at WHERE id = @id AND (last_used_at IS NULL OR last_used_at < @at)", new { id, at = RegistryTime.Format(at) }),
        cancellationToken);

    private Task<KeyRow?> UpdateAsync(
        string? tenant, string id, AuditEntry entry, string assignments, Func<DateTimeOffset, DynamicParameters> values, CancellationToken cancellationToken, string condition = "") => database.ChangeAsync(
        async connection =>
        {
            var revision = await AdapterRegistry.TickAsync(connection).ConfigureAwait(false);
            var now = time.GetUtcNow();
            var parameters = values(now);
            parameters.AddDynamicParams(new { tenant, id, revision, now = RegistryTime.Format(now) });
            var filter = "WHERE id = @id" + (tenant is null ? string.Empty : " AND tenant = @tenant") + condition;
            var changed = await connection.ExecuteAsync($"UPDATE api_keys SET {assignments}, revision = @revision {filter}", parameters).ConfigureAwait(false);
            return changed == 0 ? null : await EndAsync(connection, revision, id, entry).ConfigureAwait(false);
        },
        cancellationToken);

    private async Task<KeyRow> EndAsync(DbConnection connection, long revision, string id, AuditEntry entry)
    {
        var row = await connection.QuerySingleAsync<KeyRow>($"SELECT {KeyRow.Columns} FROM api_keys WHERE id = @id", new { id }).ConfigureAwait(false);
        await AuditLog.AppendAsync(
            connection, entry with { Revision = revision, HappenedAt = RegistryTime.Format(time.GetUtcNow()), Tenant = row.Tenant, Name = row.Id, Detail = row.Scopes }).ConfigureAwait(false);
        await database.AnnounceAsync(connection).ConfigureAwait(false);
        return row;
    }
}
