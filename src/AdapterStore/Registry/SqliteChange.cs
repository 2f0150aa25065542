using Dapper;
using Microsoft.Data.Sqlite;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>
/// Runs statements as one transaction. Not by <see cref="SqliteTransaction"/>: when the disk is full SQLite has rolled back by itself, and that type's
/// own attempt to do so hides the reason.
/// </summary>
internal static class SqliteChange
{
    public static void Run(SqliteConnection connection, Action statements)
    {
        try
        {
            connection.Execute("BEGIN IMMEDIATE");
            statements();
            connection.Execute("COMMIT");
        }
        catch
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
            {
                connection.Execute("ROLLBACK");
            }

            throw;
        }
    }
}
