using System.Data.Common;
using Dapper;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>
/// The database that holds the registry. One text of SQL serves every kind; what differs stands in the subclasses.
/// <b>Effects</b>: any thread. A change is on disk when it returns, or has not happened; the statements of one may run twice, when a connection turns out to be dead.
/// <b>Errors</b>: Unavailable (<c>registry_unavailable</c>) when the database is away; StorageFull when its disk is full.
/// </summary>
internal abstract class RegistryDatabase : IDisposable
{
    /// <summary>Whether other replicas may change it too.</summary>
    public abstract bool IsShared { get; }

    /// <summary>Whether it was away when it was last heard of; a question that can wait is then not worth asking.</summary>
    public abstract bool IsAway { get; }

    /// <summary>Locks a row that was just selected until the transaction ends.</summary>
    public abstract string ForUpdate { get; }

    /// <summary>A word alone would be taken for a procedure, hence semicolons.</summary>
    protected abstract string BeginRead { get; }

    protected abstract string BeginChange { get; }

    /// <summary>Statements that see one state of the database.</summary>
    public Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> statements, CancellationToken cancellationToken) => RunAsync(BeginRead, statements, cancellationToken);

    /// <summary>Statements that happen all or not at all, after those of every change that ended before.</summary>
    public Task<T> ChangeAsync<T>(Func<DbConnection, Task<T>> statements, CancellationToken cancellationToken) => RunAsync(BeginChange, statements, cancellationToken);

    /// <summary>The registry's SQL, which is written for SQLite, in this database's words.</summary>
    public abstract string Translate(string schema);

    /// <summary>Lets one replica at a time change the schema; to be called inside a change.</summary>
    public abstract Task LockSchemaAsync(DbConnection connection);

    /// <summary>Tells the other replicas of a change once it is committed; to be called inside it.</summary>
    public abstract Task AnnounceAsync(DbConnection connection);

    /// <summary>Calls <paramref name="changed"/> soon after every change of another replica, and at first. Ends by cancellation, or by a failure after which it is to be called again.</summary>
    public abstract Task FollowAsync(Func<Task> changed, CancellationToken cancellationToken);

    public abstract void Dispose();

    protected abstract ValueTask<RegistrySession> RentAsync(CancellationToken cancellationToken);

    protected abstract Task RollBackAsync(DbConnection connection);

    /// <summary>What a failure of the database means to the caller; null for what is no failure of the database.</summary>
    protected abstract AdapterStoreException? Refusal(Exception error);

    /// <summary>Whether a failure may come from a connection that died while it lay idle; those are then dropped.</summary>
    protected abstract bool TryRenew(Exception error);

    private async Task<T> RunAsync<T>(string begin, Func<DbConnection, Task<T>> statements, CancellationToken cancellationToken)
    {
        for (var isRetry = false; ; isRetry = true)
        {
            var isCommitting = false;
            try
            {
                var session = await RentAsync(cancellationToken).ConfigureAwait(false);
                await using var _ = session.ConfigureAwait(false);
                return await RunAsync(session.Connection, begin, statements, () => isCommitting = true).ConfigureAwait(false);
            }
            catch (Exception error) when (!isRetry && !isCommitting && TryRenew(error))
            {
                // Once more, over a new connection.
            }
            catch (Exception error) when (Refusal(error) is { } refusal)
            {
                throw refusal;
            }
        }
    }

    private async Task<T> RunAsync<T>(DbConnection connection, string begin, Func<DbConnection, Task<T>> statements, Action committing)
    {
        try
        {
            await connection.ExecuteAsync(begin).ConfigureAwait(false);
            var result = await statements(connection).ConfigureAwait(false);
            committing();
            await connection.ExecuteAsync("COMMIT;").ConfigureAwait(false);
            return result;
        }
        catch
        {
            await RollBackAsync(connection).ConfigureAwait(false);
            throw;
        }
    }
}
