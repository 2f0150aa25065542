using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>
/// One SQLite file behind one connection. Other replicas on the machine may use the same file: their changes show in SQLite's own counter of them, which is looked at often.
/// </summary>
internal sealed class SqliteDatabase : RegistryDatabase
{
    private const int Busy = 5;
    private const int Locked = 6;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SqliteConnection _connection;
    private readonly TimeProvider _time;

    /// <param name="path">The file; created when missing.</param>
    /// <param name="isShared">Whether other replicas use it too.</param>
    /// <param name="time">For the intervals.</param>
    public SqliteDatabase(string path, bool isShared, TimeProvider time)
    {
        SQLitePCL.Batteries_V2.Init();
        IsShared = isShared;
        _time = time;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            _connection.Open();
            // Changes are few and small: a short log costs nothing and leaves a full disk its room.
            _connection.Execute("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 32; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
        }
        catch (SqliteException error)
        {
            _connection.Dispose();
            throw Refusal(error)!;
        }
    }

    public override bool IsShared { get; }

    public override bool IsAway => false;

    /// <summary>A change has the whole file to itself.</summary>
    public override string ForUpdate => string.Empty;

    protected override string BeginRead => "BEGIN;";

    protected override string BeginChange => "BEGIN IMMEDIATE";

    public override string Translate(string schema) => schema;

    public override Task LockSchemaAsync(DbConnection connection) => Task.CompletedTask;

    public override Task AnnounceAsync(DbConnection connection) => Task.CompletedTask;

    public override async Task FollowAsync(Func<Task> changed, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        var seen = await ReadVersionAsync(cancellationToken).ConfigureAwait(false);
        // What happened before the first look.
        await changed().ConfigureAwait(false);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            var version = await ReadVersionAsync(cancellationToken).ConfigureAwait(false);
            if (version != seen)
            {
                seen = version;
                await changed().ConfigureAwait(false);
            }
        }
    }

    public override void Dispose()
    {
        _connection.Dispose();
        _turn.Dispose();
    }

    protected override async ValueTask<RegistrySession> RentAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new RegistrySession(_connection, () =>
        {
            _turn.Release();
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>When the disk is full SQLite has rolled back by itself.</summary>
    protected override Task RollBackAsync(DbConnection connection) =>
        SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0 ? connection.ExecuteAsync("ROLLBACK;") : Task.CompletedTask;

    protected override AdapterStoreException? Refusal(Exception error) => error switch
    {
        SqliteException full when StoreErrors.IsDiskFull(full) => StoreErrors.StorageFull(full),
        SqliteException { SqliteErrorCode: Busy or Locked } busy => StoreErrors.RegistryUnavailable(busy),
        SqliteException damaged => new AdapterStoreException(
            AdapterErrorKind.Conflict, "registry_unreadable", $"The registry's file cannot be read: {damaged.Message}", damaged),
        _ => null,
    };

    protected override bool TryRenew(Exception error) => false;

    private async Task<long> ReadVersionAsync(CancellationToken cancellationToken)
    {
        var session = await RentAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = session.ConfigureAwait(false);
        return await session.Connection.ExecuteScalarAsync<long>("PRAGMA data_version").ConfigureAwait(false);
    }
}
