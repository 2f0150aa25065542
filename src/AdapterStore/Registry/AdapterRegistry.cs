using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>
/// The durable record of tenants, adapters, versions and aliases in one SQLite file.
/// <b>Effects</b>: every method is one transaction that is on disk when it returns; not thread safe, the caller serialises.
/// <b>Errors</b>: StorageFull when the disk is; then nothing has changed.
/// </summary>
internal sealed class AdapterRegistry : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly TimeProvider _time;
    private readonly string _base;

    public AdapterRegistry(string path, string baseFingerprint, TimeProvider time)
    {
        SQLitePCL.Batteries_V2.Init();
        _time = time;
        _base = baseFingerprint;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            _connection.Open();
            _connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;");
            Migrations.Apply(_connection, Now());
        }
        catch (SqliteException error)
        {
            _connection.Dispose();
            throw StoreErrors.IsDiskFull(error) ? StoreErrors.StorageFull(error) : Damaged(error);
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    public void Dispose() => _connection.Dispose();

    public List<VersionRow> ReadVersions() => [.. _connection.Query<VersionRow>(SelectVersions, new { @base = _base })];

    public List<VersionRow> ReadVersions(string tenant, string name) =>
        [.. _connection.Query<VersionRow>(SelectVersions + " WHERE v.tenant = @tenant AND v.name = @name", new { @base = _base, tenant, name })];

    public List<AliasRow> ReadAliases() => [.. _connection.Query<AliasRow>(SelectAliases)];

    public List<AliasRow> ReadAliases(string tenant, string name) =>
        [.. _connection.Query<AliasRow>(SelectAliases + " WHERE tenant = @tenant AND name = @name", new { tenant, name })];

    public string? ReadFacts(string digest) =>
        _connection.QuerySingleOrDefault<string>("SELECT facts FROM verifications WHERE digest = @digest AND base = @base", new { digest, @base = _base });

    public bool IsReferenced(string digest) =>
        _connection.ExecuteScalar<long>("SELECT EXISTS (SELECT 1 FROM versions WHERE digest = @digest)", new { digest }) != 0;

    /// <summary>Records the content as a new version and makes it current.</summary>
    public void AddVersion(string tenant, string name, string digest, long bytes, string facts) => Change(() =>
    {
        var values = new { tenant, name, digest, bytes, now = Now() };
        _connection.Execute("INSERT INTO tenants VALUES (@tenant, @now) ON CONFLICT DO NOTHING", values);
        _connection.Execute(
            """
            INSERT INTO adapters VALUES (@tenant, @name, 1, 1, @now, @now)
            ON CONFLICT DO UPDATE SET last_version = last_version + 1, current_version = last_version + 1, updated_at = @now
            """,
            values);
        _connection.Execute(
            """
            INSERT INTO versions SELECT tenant, name, last_version, @digest, @bytes, @now FROM adapters WHERE tenant = @tenant AND name = @name
            """,
            values);
        SaveFacts(digest, facts);
    });

    /// <summary>Makes an existing version current and records what verification found.</summary>
    public void SetCurrent(string tenant, string name, int number, string digest, string facts) => Change(() =>
    {
        _connection.Execute(
            "UPDATE adapters SET current_version = @number, updated_at = @now WHERE tenant = @tenant AND name = @name",
            new { tenant, name, number, now = Now() });
        SaveFacts(digest, facts);
    });

    public void RemoveVersion(string tenant, string name, int number) => Change(() =>
        _connection.Execute("DELETE FROM versions WHERE tenant = @tenant AND name = @name AND number = @number", new { tenant, name, number }));

    /// <summary>Removes all versions and aliases. The name keeps its last number, so that no number ever means two contents.</summary>
    public void RemoveAdapter(string tenant, string name) => Change(() =>
    {
        var values = new { tenant, name, now = Now() };
        _connection.Execute("DELETE FROM aliases WHERE tenant = @tenant AND name = @name", values);
        _connection.Execute("DELETE FROM versions WHERE tenant = @tenant AND name = @name", values);
        _connection.Execute("UPDATE adapters SET current_version = NULL, updated_at = @now WHERE tenant = @tenant AND name = @name", values);
    });

    public void SetAlias(string tenant, string name, string alias, int number) => Change(() =>
        _connection.Execute(
            "INSERT INTO aliases VALUES (@tenant, @name, @alias, @number, @now) ON CONFLICT DO UPDATE SET number = @number, updated_at = @now",
            new { tenant, name, alias, number, now = Now() }));

    public void RemoveAlias(string tenant, string name, string alias) => Change(() =>
        _connection.Execute("DELETE FROM aliases WHERE tenant = @tenant AND name = @name AND alias = @alias", new { tenant, name, alias }));

    private const string SelectVersions =
        """
        SELECT v.tenant AS Tenant, v.name AS Name, v.number AS Number, v.digest AS Digest, v.bytes AS Bytes, v.created_at AS CreatedAt,
               a.current_version AS CurrentVersion, f.facts AS Facts
        FROM versions v JOIN adapters a ON a.tenant = v.tenant AND a.name = v.name
        LEFT JOIN verifications f ON f.digest = v.digest AND f.base = @base
        """;

    private const string SelectAliases = "SELECT tenant AS Tenant, name AS Name, alias AS Alias, number AS Number FROM aliases";

    private static AdapterStoreException Damaged(SqliteException error) => new(
        AdapterErrorKind.Conflict, "registry_unreadable", $"The registry in the data folder cannot be read: {error.Message}", error);

    private void SaveFacts(string digest, string facts) =>
        _connection.Execute(
            "INSERT INTO verifications VALUES (@digest, @base, @facts, @now) ON CONFLICT DO UPDATE SET facts = @facts, verified_at = @now",
            new { digest, @base = _base, facts, now = Now() });

    private void Change(Action statements)
    {
        try
        {
            SqliteChange.Run(_connection, statements);
        }
        catch (SqliteException error) when (StoreErrors.IsDiskFull(error))
        {
            throw StoreErrors.StorageFull(error);
        }
    }

    private string Now() => _time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
}
