using System.Data.Common;
using AdapterServe.AdapterStore.Tenants;
using Dapper;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>One change of one name, inside its transaction: what there was before, and the statements that change it.</summary>
/// <param name="connection">In the transaction.</param>
/// <param name="tenant">Whose adapter.</param>
/// <param name="name">Its name.</param>
/// <param name="baseFingerprint">The base in use.</param>
/// <param name="revision">The change's number.</param>
/// <param name="now">Its time.</param>
/// <param name="before">What there was; null where the name was never used.</param>
internal sealed class AdapterChange(DbConnection connection, string tenant, string name, string baseFingerprint, long revision, string now, AdapterRows? before)
{
    public AdapterRows? Before { get; } = before;

    public string Tenant { get; } = tenant;

    /// <summary>As the registry holds times.</summary>
    public string Now { get; } = now;

    /// <summary>
    /// Records the content as a new version and makes it current.
    /// <b>Errors</b>: Unavailable when the content was collected meanwhile, which needs an upload that took hours.
    /// </summary>
    public async Task AddVersionAsync(string digest, long bytes, string facts, string? signer, string claim)
    {
        await UseClaimAsync(digest, claim).ConfigureAwait(false);
        await ExecuteAsync("INSERT INTO tenants (tenant, created_at) VALUES (@tenant, @now) ON CONFLICT (tenant) DO NOTHING").ConfigureAwait(false);
        if (Before?.Adapter is { DeletedAt: not null } or { CurrentVersion: null })
        {
            await ForgetAsync().ConfigureAwait(false);
        }

        // A deleted version with this content goes: as ever, what comes after a deletion has a new number.
        await ExecuteAsync("DELETE FROM versions WHERE tenant = @tenant AND name = @name AND digest = @digest AND deleted_at IS NOT NULL", new { digest }).ConfigureAwait(false);
        await ExecuteAsync(
            """
            INSERT INTO adapters (tenant, name, current_version, last_version, created_at, updated_at, revision) VALUES (@tenant, @name, 1, 1, @now, @now, @revision)
            ON CONFLICT (tenant, name) DO UPDATE
            SET last_version = adapters.last_version + 1, current_version = adapters.last_version + 1, updated_at = @now, revision = @revision
            """).ConfigureAwait(false);
        await ExecuteAsync(
            """
            INSERT INTO versions (tenant, name, number, digest, bytes, created_at, signed_by)
            SELECT tenant, name, last_version, @digest, @bytes, @now, @signer FROM adapters WHERE tenant = @tenant AND name = @name
            """,
            new { digest, bytes, signer }).ConfigureAwait(false);
        await SaveFactsAsync(digest, facts).ConfigureAwait(false);
    }

    /// <summary>Makes an existing version current and records what verification found, and who signed it if somebody did.</summary>
    public async Task SetCurrentAsync(long number, string digest, string facts, string? signer, string claim)
    {
        await UseClaimAsync(digest, claim).ConfigureAwait(false);
        await SetCurrentAsync(number).ConfigureAwait(false);
        await ExecuteAsync("UPDATE versions SET signed_by = COALESCE(@signer, signed_by) WHERE tenant = @tenant AND name = @name AND number = @number", new { number, signer }).ConfigureAwait(false);
        await SaveFactsAsync(digest, facts).ConfigureAwait(false);
    }

    /// <summary>Hides a version.</summary>
    public async Task DeleteVersionAsync(long number)
    {
        await ExecuteAsync("UPDATE versions SET deleted_at = @now WHERE tenant = @tenant AND name = @name AND number = @number", new { number }).ConfigureAwait(false);
        await TouchAsync().ConfigureAwait(false);
    }

    /// <summary>Hides the adapter with all its versions and aliases.</summary>
    public async Task DeleteAdapterAsync()
    {
        await ExecuteAsync("UPDATE versions SET deleted_at = @now WHERE tenant = @tenant AND name = @name AND deleted_at IS NULL").ConfigureAwait(false);
        await ExecuteAsync("UPDATE adapters SET deleted_at = @now, updated_at = @now, revision = @revision WHERE tenant = @tenant AND name = @name").ConfigureAwait(false);
    }

    /// <summary>Undoes <see cref="DeleteVersionAsync"/>.</summary>
    public async Task RestoreVersionAsync(long number)
    {
        await ExecuteAsync("UPDATE versions SET deleted_at = NULL WHERE tenant = @tenant AND name = @name AND number = @number", new { number }).ConfigureAwait(false);
        await TouchAsync().ConfigureAwait(false);
    }

    /// <summary>Undoes <see cref="DeleteAdapterAsync"/>: what had been deleted before stays so.</summary>
    public async Task RestoreAdapterAsync()
    {
        var deleted = new { deleted = Before!.Adapter.DeletedAt };
        await ExecuteAsync("UPDATE versions SET deleted_at = NULL WHERE tenant = @tenant AND name = @name AND deleted_at = @deleted", deleted).ConfigureAwait(false);
        await ExecuteAsync("UPDATE adapters SET deleted_at = NULL, updated_at = @now, revision = @revision WHERE tenant = @tenant AND name = @name").ConfigureAwait(false);
    }

    /// <summary>Removes for good what was deleted at or before a time. The name keeps its last number, so that no number ever means two contents.</summary>
    public async Task PurgeAsync(string until)
    {
        var isGone = await connection.ExecuteScalarAsync<long>(
            "SELECT COUNT(*) FROM adapters WHERE tenant = @tenant AND name = @name AND deleted_at <= @until", new { tenant = Tenant, name, until }).ConfigureAwait(false) > 0;
        if (isGone)
        {
            await ForgetAsync().ConfigureAwait(false);
        }

        await ExecuteAsync("DELETE FROM versions WHERE tenant = @tenant AND name = @name AND deleted_at <= @until", new { until }).ConfigureAwait(false);
        await TouchAsync().ConfigureAwait(false);
    }

    public async Task SetAliasAsync(string alias, long number, int weight, long? second, int secondWeight)
    {
        await ExecuteAsync(
            """
            INSERT INTO aliases (tenant, name, alias, number, weight, second_number, second_weight, updated_at)
            VALUES (@tenant, @name, @alias, @number, @weight, @second, @secondWeight, @now)
            ON CONFLICT (tenant, name, alias) DO UPDATE
            SET number = @number, weight = @weight, second_number = @second, second_weight = @secondWeight, updated_at = @now
            """,
            new { alias, number, weight, second, secondWeight }).ConfigureAwait(false);
        await TouchAsync().ConfigureAwait(false);
    }

    /// <summary>Null leaves a column as it is.</summary>
    public Task UpdateAsync(string? labels, long? pinned, long? priority) => ExecuteAsync(
        """
        UPDATE adapters SET labels = COALESCE(@labels, labels), pinned = COALESCE(@pinned, pinned), priority = COALESCE(@priority, priority), updated_at = @now, revision = @revision
        WHERE tenant = @tenant AND name = @name
        """,
        new { labels, pinned, priority });

    /// <summary>Records what another verification of stored files found: facts, or the reason why there are none.</summary>
    public Task VerifyAsync(string digest, string? facts, string? reason) => facts is not null ? SaveFactsAsync(digest, facts) : RejectAsync(digest, reason!);

    /// <summary>Lets the catalogs read every adapter with a content anew.</summary>
    public static Task<int> TouchAllAsync(DbConnection connection, string digest, long revision) => connection.ExecuteAsync(
        "UPDATE adapters SET revision = @revision WHERE EXISTS (SELECT 1 FROM versions v WHERE v.tenant = adapters.tenant AND v.name = adapters.name AND v.digest = @digest)",
        new { digest, revision });

    public async Task RemoveAliasAsync(string alias)
    {
        await ExecuteAsync("DELETE FROM aliases WHERE tenant = @tenant AND name = @name AND alias = @alias", new { alias }).ConfigureAwait(false);
        await TouchAsync().ConfigureAwait(false);
    }

    /// <summary>What is set for the tenant; null for nothing.</summary>
    public async Task<string?> ReadTenantSettingsAsync() => (await TenantStatements.FindAsync(connection, Tenant).ConfigureAwait(false))?.Settings;

    /// <summary>With what this change has written so far.</summary>
    public Task<TenantUse> ReadTenantUseAsync() => TenantStatements.UseAsync(connection, Tenant);

    private Task<int> SetCurrentAsync(long? number) => ExecuteAsync(
        "UPDATE adapters SET current_version = @number, updated_at = @now, revision = @revision WHERE tenant = @tenant AND name = @name", new { number });

    private Task<int> TouchAsync() => ExecuteAsync("UPDATE adapters SET updated_at = @now, revision = @revision WHERE tenant = @tenant AND name = @name");

    private async Task SaveFactsAsync(string digest, string facts)
    {
        await ExecuteAsync(
            """
            INSERT INTO verifications (digest, base, facts, verified_at, state, reason) VALUES (@digest, @baseFingerprint, @facts, @now, 'ready', NULL)
            ON CONFLICT (digest, base) DO UPDATE SET facts = @facts, verified_at = @now, state = 'ready', reason = NULL
            """,
            new { digest, facts }).ConfigureAwait(false);
        await TouchAllAsync(connection, digest, revision).ConfigureAwait(false);
    }

    private async Task RejectAsync(string digest, string reason)
    {
        await ExecuteAsync(
            "UPDATE verifications SET state = 'quarantined', reason = @reason, verified_at = @now WHERE digest = @digest AND base = @baseFingerprint", new { digest, reason })
            .ConfigureAwait(false);
        await TouchAllAsync(connection, digest, revision).ConfigureAwait(false);
    }

    /// <summary>What is set on a name goes with its adapter.</summary>
    private async Task ForgetAsync()
    {
        await ExecuteAsync("DELETE FROM aliases WHERE tenant = @tenant AND name = @name").ConfigureAwait(false);
        await ExecuteAsync("UPDATE adapters SET current_version = NULL, labels = '{}', pinned = 0, priority = 0, deleted_at = NULL WHERE tenant = @tenant AND name = @name").ConfigureAwait(false);
    }

    /// <summary>From here on the content is named by a version and needs no claim; with a row that is locked or gone it can't be collected at the same time.</summary>
    private async Task UseClaimAsync(string digest, string claim)
    {
        var rows = await ExecuteAsync("UPDATE blobs SET claim = CASE WHEN claim = @claim THEN '' ELSE claim END WHERE digest = @digest", new { digest, claim }).ConfigureAwait(false);
        if (rows == 0)
        {
            throw StoreErrors.UploadTooOld();
        }
    }

    private Task<int> ExecuteAsync(string statement, object? more = null)
    {
        var values = new DynamicParameters(new { tenant = Tenant, name, baseFingerprint, revision, now = Now });
        values.AddDynamicParams(more);
        return connection.ExecuteAsync(statement, values);
    }
}
