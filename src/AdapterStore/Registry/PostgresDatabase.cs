using System.Data.Common;
using System.Net.Sockets;
using Dapper;
using Npgsql;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>
/// A PostgreSQL database that replicas share. A connection of its own listens for the others' changes; while it is down the database counts as away.
/// </summary>
internal sealed class PostgresDatabase : RegistryDatabase
{
    private const string Channel = "adapterserve_registry";

    /// <summary>"adapters" in ASCII: the schema's lock.</summary>
    private const long SchemaLock = 0x6164617074657273;

    /// <summary>The server's code for a transaction that did nothing for too long.</summary>
    private const string IdleInTransaction = "25P03";

    /// <summary>How long the listener trusts a silent connection.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _source;
    private readonly string _listenerString;
    private volatile bool _isAway;

    /// <summary><b>Errors</b>: Malformed (<c>registry_address</c>) for a connection string that can't be read.</summary>
    public PostgresDatabase(string connectionString)
    {
        var settings = Settings(connectionString);
        _source = NpgsqlDataSource.Create(settings);
        _listenerString = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false, KeepAlive = 2, TcpKeepAlive = true }.ConnectionString;
    }

    public override bool IsShared => true;

    public override bool IsAway => _isAway;

    public override string ForUpdate => " FOR UPDATE";

    protected override string BeginRead => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

    protected override string BeginChange => "BEGIN;";

    public override string Translate(string schema) =>
        schema.Replace(" WITHOUT ROWID", string.Empty, StringComparison.Ordinal).Replace("INTEGER", "BIGINT", StringComparison.Ordinal);

    public override Task LockSchemaAsync(DbConnection connection) => connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@SchemaLock)", new { SchemaLock });

    public override Task AnnounceAsync(DbConnection connection) => connection.ExecuteAsync($"NOTIFY {Channel}");

    public override async Task FollowAsync(Func<Task> changed, CancellationToken cancellationToken)
    {
        try
        {
            await ListenAsync(changed, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _isAway = true;
            throw;
        }
    }

    public override void Dispose() => _source.Dispose();

    protected override async ValueTask<RegistrySession> RentAsync(CancellationToken cancellationToken)
    {
        var connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return new RegistrySession(connection, connection.DisposeAsync);
    }

    /// <summary>A connection that can't even roll back is closed by the pool.</summary>
    protected override async Task RollBackAsync(DbConnection connection)
    {
        try
        {
            await connection.ExecuteAsync("ROLLBACK;").ConfigureAwait(false);
        }
        catch (Exception error) when (error is DbException or InvalidOperationException or IOException or SocketException)
        {
            // The reason is on its way already.
        }
    }

    protected override AdapterStoreException? Refusal(Exception error) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } full => StoreErrors.StorageFull(full),
        PostgresException postgres => IsAbsence(postgres.SqlState) ? StoreErrors.RegistryUnavailable(postgres) : null,
        NpgsqlException or SocketException or TimeoutException or IOException => StoreErrors.RegistryUnavailable(error),
        _ => null,
    };

    protected override bool TryRenew(Exception error)
    {
        if (error is not NpgsqlException || Refusal(error) is not { Kind: AdapterErrorKind.Unavailable })
        {
            return false;
        }

        _source.Clear();
        return true;
    }

    /// <summary>Without limits of the operator's own: a database that does not answer is found out within seconds.</summary>
    private static NpgsqlConnectionStringBuilder Settings(string connectionString)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            var own = new HashSet<string>(settings.Keys, StringComparer.OrdinalIgnoreCase);
            settings.Timeout = own.Contains("Timeout") ? settings.Timeout : 3;
            settings.CommandTimeout = own.Contains("Command Timeout") ? settings.CommandTimeout : 10;
            settings.MaxPoolSize = own.Contains("Maximum Pool Size") ? settings.MaxPoolSize : 16;
            settings.ApplicationName ??= "adapterserve";
            // A replica that hangs in the middle of a change must not hold up the others.
            settings.Options ??= "-c lock_timeout=8s -c idle_in_transaction_session_timeout=15s";
            return settings;
        }
        catch (ArgumentException error)
        {
            throw StoreErrors.Malformed("registry_address", "The registry's connection string can't be read; it is like 'Host=db;Database=adapterserve;Username=…;Password=…'.", error);
        }
    }

    /// <summary>Connection failures, operator's interventions, too few resources, locks not granted, a standby that takes no changes.</summary>
    private static bool IsAbsence(string state) =>
        state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("57", StringComparison.Ordinal) || state.StartsWith("53", StringComparison.Ordinal)
        || state is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.ReadOnlySqlTransaction or IdleInTransaction;

    private async Task ListenAsync(Func<Task> changed, CancellationToken cancellationToken)
    {
        var listener = new NpgsqlConnection(_listenerString);
        await using var _ = listener.ConfigureAwait(false);
        await listener.OpenAsync(cancellationToken).ConfigureAwait(false);
        await listener.ExecuteAsync($"LISTEN {Channel}").ConfigureAwait(false);
        while (true)
        {
            // Also at first: while nobody listened anything may have happened.
            await changed().ConfigureAwait(false);
            _isAway = false;
            while (!await listener.WaitAsync(Silence, cancellationToken).ConfigureAwait(false))
            {
                await listener.ExecuteAsync("SELECT 1").ConfigureAwait(false);
            }
        }
    }
}
