using System.Data.Common;
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

    /// <summary>
    /// Records the content as a new version and makes it current.
    /// <b>Errors</b>: Unavailable when the content was collected meanwhile, which needs an upload that took hours.
    /// </summary>
    public async Task AddVersionAsync(string digest, long bytes, string facts, string claim)
    {
        await UseClaimAsync(digest, claim).ConfigureAwait(false);
        await ExecuteAsync("INSERT INTO tenants VALUES (@tenant, @now) ON CONFLICT (tenant) DO NOTHING").ConfigureAwait(false);
        await ExecuteAsync(
            """
            INSERT INTO adapters (tenant, name, current_version, last_version, created_at, updated_at, revision) VALUES (@tenant, @name, 1, 1, @now, @now, @revision)
            ON CONFLICT (tenant, name) DO UPDATE
            SET last_version = adapters.last_version + 1, current_version = adapters.last_version + 1, updated_at = @now, revision = @revision
            """).ConfigureAwait(false);
        await ExecuteAsync(
            """
            INSERT INTO versions (tenant, name, number, digest, bytes, created_at)
            SELECT tenant, name, last_version, @digest, @bytes, @now FROM adapters WHERE tenant = @tenant AND name = @name
            """,
            new { digest, bytes }).ConfigureAwait(false);
        await SaveFactsAsync(digest, facts).ConfigureAwait(false);
    }

    /// <summary>Makes an existing version current and records what verification found.</summary>
    public async Task SetCurrentAsync(long number, string digest, string facts, string claim)
    {
        await UseClaimAsync(digest, claim).ConfigureAwait(false);
        await SetCurrentAsync(number).ConfigureAwait(false);
        await SaveFactsAsync(digest, facts).ConfigureAwait(false);
    }

    public async Task RemoveVersionAsync(long number)
    {
        await ExecuteAsync("DELETE FROM versions WHERE tenant = @tenant AND name = @name AND number = @number", new { number }).ConfigureAwait(false);
        await TouchAsync().ConfigureAwait(false);
    }

    /// <summary>Removes all versions and aliases. The name keeps its last number, so that no number ever means two contents.</summary>
    public async Task RemoveAdapterAsync()
    {
        await ExecuteAsync("DELETE FROM aliases WHERE tenant = @tenant AND name = @name").ConfigureAwait(false);
        await ExecuteAsync("DELETE FROM versions WHERE tenant = @tenant AND name = @name").ConfigureAwait(false);
        await SetCurrentAsync(null).ConfigureAwait(false);
    }

    public async Task SetAliasAsync(string alias, long number)
    {
        await ExecuteAsync(
            """
            INSERT INTO aliases (tenant, name, alias, number, updated_at) VALUES (@tenant, @name, @alias, @number, @now)
            ON CONFLICT (tenant, name, alias) DO UPDATE SET number = @number, updated_at = @now
            """,
            new { alias, number }).ConfigureAwait(false);
        await TouchAsync().ConfigureAwait(false);
    }

    public async Task RemoveAliasAsync(string alias)
    {
        await ExecuteAsync("DELETE FROM aliases WHERE tenant = @tenant AND name = @name AND alias = @alias", new { alias }).ConfigureAwait(false);
        await TouchAsync().ConfigureAwait(false);
    }

    private Task<int> SetCurrentAsync(long? number) => ExecuteAsync(
        "UPDATE adapters SET current_version = @number, updated_at = @now, revision = @revision WHERE tenant = @tenant AND name = @name", new { number });

    private Task<int> TouchAsync() => ExecuteAsync("UPDATE adapters SET updated_at = @now, revision = @revision WHERE tenant = @tenant AND name = @name");

    private Task<int> SaveFactsAsync(string digest, string facts) => ExecuteAsync(
        """
        INSERT INTO verifications (digest, base, facts, verified_at) VALUES (@digest, @baseFingerprint, @facts, @now)
        ON CONFLICT (digest, base) DO UPDATE SET facts = @facts, verified_at = @now
        """,
        new { digest, facts });

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
        var values = new DynamicParameters(new { tenant, name, baseFingerprint, revision, now });
        values.AddDynamicParams(more);
        return connection.ExecuteAsync(statement, values);
    }
}
