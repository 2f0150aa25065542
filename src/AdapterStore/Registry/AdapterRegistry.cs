using System.Data.Common;
using AdapterServe.AdapterStore.Tenants;
using Dapper;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>
/// The durable record of tenants, adapters, versions and aliases.
/// <b>Semantics</b>: changes have numbers, counted up one by one in the order in which they become visible; a name bears the number of its last change, so whoever has seen
/// everything up to a number finds the rest by asking for the names with greater ones.
/// <b>Effects</b>: any thread. <b>Errors</b>: those of <see cref="RegistryDatabase"/>.
/// </summary>
internal sealed class AdapterRegistry(RegistryDatabase database, string baseFingerprint, TimeProvider time) : IDisposable
{
    private const string SelectAdapters =
        """
        SELECT a.tenant AS Tenant, a.name AS Name, a.current_version AS CurrentVersion, a.revision AS Revision, a.labels AS Labels, a.pinned AS Pinned,
               a.priority AS Priority, a.deleted_at AS DeletedAt
        FROM adapters a
        """;

    private const string SelectVersions =
        """
        SELECT v.tenant AS Tenant, v.name AS Name, v.number AS Number, v.digest AS Digest, v.bytes AS Bytes, v.created_at AS CreatedAt, v.deleted_at AS DeletedAt,
               v.signed_by AS SignedBy, f.facts AS Facts, f.state AS State, f.reason AS Reason
        FROM versions v JOIN adapters a ON a.tenant = v.tenant AND a.name = v.name
        LEFT JOIN verifications f ON f.digest = v.digest AND f.base = @base
        """;

    private const string SelectAliases =
        """
        SELECT s.tenant AS Tenant, s.name AS Name, s.alias AS Alias, s.number AS Number, s.weight AS Weight, s.second_number AS SecondNumber,
               s.second_weight AS SecondWeight
        FROM aliases s JOIN adapters a ON a.tenant = s.tenant AND a.name = s.name
        """;

    public RegistryDatabase Database => database;

    public BlobClaims Claims { get; } = new(database, time);

    public void Dispose() => database.Dispose();

    /// <summary>Brings the schema up to date.</summary>
    public Task OpenAsync(CancellationToken cancellationToken) => Migrations.ApplyAsync(database, Now(), cancellationToken);

    public Task<RegistryContent> ReadAllAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(async connection => await ReadAsync(connection, await ReadClockAsync(connection).ConfigureAwait(false), after: -1).ConfigureAwait(false), cancellationToken);

    /// <summary>The names that changed after a revision; all of them where the registry is not the one that had it.</summary>
    public Task<RegistryContent> ReadSinceAsync(string registry, long revision, CancellationToken cancellationToken) => database.ReadAsync(
        async connection =>
        {
            var clock = await ReadClockAsync(connection).ConfigureAwait(false);
            if (clock.Registry != registry || clock.Value < revision)
            {
                return await ReadAsync(connection, clock, after: -1).ConfigureAwait(false);
            }

            return clock.Value == revision ? new RegistryContent(registry, revision, [], []) : await ReadAsync(connection, clock, revision).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>
    /// Changes one name. Changes happen one after another, whichever replica makes them.
    /// <b>Errors</b>: also whatever <paramref name="change"/> throws; then nothing has changed.
    /// </summary>
    /// <param name="tenant">Whose adapter.</param>
    /// <param name="name">Its name.</param>
    /// <param name="change">Looks at what there is, decides, writes, and says what to record; may be called twice.</param>
    /// <param name="cancellationToken">Gives up before anything has happened.</param>
    /// <returns>What there is afterwards; null where the name was never used.</returns>
    public Task<AdapterRows?> ChangeAsync(string tenant, string name, Func<AdapterChange, Task<AuditEntry>> change, CancellationToken cancellationToken) => database.ChangeAsync(
        async connection =>
        {
            var revision = await TickAsync(connection).ConfigureAwait(false);
            var before = await ReadNameAsync(connection, tenant, name).ConfigureAwait(false);
            var now = Now();
            var entry = await change(new AdapterChange(connection, tenant, name, baseFingerprint, revision, now, before)).ConfigureAwait(false);
            var after = await ReadNameAsync(connection, tenant, name).ConfigureAwait(false);
            await AuditLog.AppendAsync(connection, entry with { Revision = revision, HappenedAt = now, Tenant = tenant, Name = name, Version = entry.Version ?? after?.Adapter.CurrentVersion })
                .ConfigureAwait(false);
            await database.AnnounceAsync(connection).ConfigureAwait(false);
            return after;
        },
        cancellationToken);

    /// <summary>
    /// Changes what is set for one tenant.
    /// <b>Errors</b>: also whatever <paramref name="decide"/> throws; then nothing has changed.
    /// </summary>
    /// <param name="tenant">Which.</param>
    /// <param name="entry">What to record.</param>
    /// <param name="decide">What was set, and what the tenant has → what is set from now on; null for nothing. May be called twice.</param>
    /// <param name="cancellationToken">Gives up before anything has happened.</param>
    public Task<TenantRow> ChangeTenantAsync(string tenant, AuditEntry entry, Func<TenantRow?, TenantUse, string?> decide, CancellationToken cancellationToken) => database.ChangeAsync(
        async connection =>
        {
            var revision = await TickAsync(connection).ConfigureAwait(false);
            var before = await TenantStatements.FindAsync(connection, tenant).ConfigureAwait(false);
            var use = await TenantStatements.UseAsync(connection, tenant).ConfigureAwait(false);
            var after = new TenantRow { Tenant = tenant, Settings = decide(before, use), Revision = revision };
            var now = Now();
            await TenantStatements.SaveAsync(connection, after, now).ConfigureAwait(false);
            await AuditLog.AppendAsync(connection, entry with { Revision = revision, HappenedAt = now, Tenant = tenant }).ConfigureAwait(false);
            await database.AnnounceAsync(connection).ConfigureAwait(false);
            return after;
        },
        cancellationToken);

    /// <summary>Records what did not happen.</summary>
    public Task RefuseAsync(AuditEntry entry, CancellationToken cancellationToken) => database.ChangeAsync(
        async connection =>
        {
            await AuditLog.AppendAsync(connection, entry with { Revision = await TickAsync(connection).ConfigureAwait(false), HappenedAt = Now() }).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>
    /// Marks a content that could not be loaded, unless it was verified since the load began.
    /// </summary>
    /// <returns>Whether any version's state changed.</returns>
    public Task<bool> QuarantineAsync(string digest, string reason, DateTimeOffset loadStarted, CancellationToken cancellationToken) => database.ChangeAsync(
        async connection =>
        {
            var values = new { digest, @base = baseFingerprint, reason, started = RegistryTime.Format(loadStarted), revision = await TickAsync(connection).ConfigureAwait(false) };
            var marked = await connection.ExecuteAsync(
                """
                UPDATE verifications SET state = 'quarantined', reason = @reason
                WHERE digest = @digest AND base = @base AND state = 'ready' AND verified_at <= @started AND EXISTS (SELECT 1 FROM versions WHERE versions.digest = @digest)
                """,
                values).ConfigureAwait(false);
            if (marked == 0)
            {
                return false;
            }

            await AdapterChange.TouchAllAsync(connection, digest, values.revision).ConfigureAwait(false);
            // The log has one entry a change; with several adapters of this content it names the first.
            var (tenant, name, version) = await connection.QueryFirstAsync<(string, string, long)>(
                "SELECT tenant, name, number FROM versions WHERE digest = @digest ORDER BY tenant, name, number", values).ConfigureAwait(false);
            await AuditLog.AppendAsync(connection, new AuditEntry(AuditEntry.Server, "quarantine", version, digest, Detail: reason) { Revision = values.revision, HappenedAt = Now(), Tenant = tenant, Name = name })
                .ConfigureAwait(false);
            await database.AnnounceAsync(connection).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Names that have versions deleted at or before a time.</summary>
    public Task<List<(string Tenant, string Name)>> FindDeletedAsync(DateTimeOffset until, CancellationToken cancellationToken) => database.ReadAsync(
        async connection => (await connection.QueryAsync<(string, string)>(
            "SELECT DISTINCT tenant, name FROM versions WHERE deleted_at <= @until", new { until = RegistryTime.Format(until) }).ConfigureAwait(false)).ToList(),
        cancellationToken);

    /// <summary>A tenant's entries of the audit log with greater numbers, in order.</summary>
    public Task<List<AuditEntry>> ReadAuditAsync(AuditQuery query, CancellationToken cancellationToken) =>
        database.ReadAsync(connection => AuditLog.ReadAsync(connection, query), cancellationToken);

    /// <summary>The number of the last change.</summary>
    public Task<long> ReadRevisionAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(async connection => (await ReadClockAsync(connection).ConfigureAwait(false)).Value, cancellationToken);

    /// <summary>The clock's row is locked first of all, which is what puts changes in order.</summary>
    internal static async Task<long> TickAsync(DbConnection connection)
    {
        await connection.ExecuteAsync("UPDATE registry_clock SET value = value + 1").ConfigureAwait(false);
        return (await ReadClockAsync(connection).ConfigureAwait(false)).Value;
    }

    /// <summary>The number of the last change.</summary>
    internal static async Task<(string Registry, long Value)> ReadClockAsync(DbConnection connection) =>
        await connection.QuerySingleAsync<(string, long)>("SELECT registry, value FROM registry_clock").ConfigureAwait(false);

    private async Task<RegistryContent> ReadAsync(DbConnection connection, (string Registry, long Value) clock, long after) => new(
        clock.Registry,
        clock.Value,
        await ReadNamesAsync(connection, " WHERE a.revision > @after", new { @base = baseFingerprint, after }).ConfigureAwait(false),
        await TenantStatements.ReadSinceAsync(connection, after).ConfigureAwait(false));

    private static async Task<IReadOnlyList<AdapterRows>> ReadNamesAsync(DbConnection connection, string filter, object values)
    {
        var adapters = await connection.QueryAsync<AdapterRow>(SelectAdapters + filter, values).ConfigureAwait(false);
        var versions = (await connection.QueryAsync<VersionRow>(SelectVersions + filter, values).ConfigureAwait(false)).ToLookup(row => (row.Tenant, row.Name));
        var aliases = (await connection.QueryAsync<AliasRow>(SelectAliases + filter, values).ConfigureAwait(false)).ToLookup(row => (row.Tenant, row.Name));
        return [.. adapters.Select(row => new AdapterRows(row, [.. versions[(row.Tenant, row.Name)]], [.. aliases[(row.Tenant, row.Name)]]))];
    }

    private async Task<AdapterRows?> ReadNameAsync(DbConnection connection, string tenant, string name) =>
        (await ReadNamesAsync(connection, " WHERE a.tenant = @tenant AND a.name = @name", new { @base = baseFingerprint, tenant, name }).ConfigureAwait(false)).SingleOrDefault();

    private string Now() => RegistryTime.Format(time.GetUtcNow());
}
