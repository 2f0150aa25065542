using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.Data.Sqlite;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>
/// The registry's schema as a list of steps that only ever grows. Each step that ran is recorded with the checksum of its text,
/// so a data folder from another line of development is refused rather than misread.
/// </summary>
internal static class Migrations
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE tenants (
            tenant TEXT PRIMARY KEY,
            created_at TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE adapters (
            tenant TEXT NOT NULL REFERENCES tenants (tenant),
            name TEXT NOT NULL,
            current_version INTEGER,
            last_version INTEGER NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            PRIMARY KEY (tenant, name)
        ) WITHOUT ROWID;
        CREATE TABLE versions (
            tenant TEXT NOT NULL,
            name TEXT NOT NULL,
            number INTEGER NOT NULL,
            digest TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            created_at TEXT NOT NULL,
            PRIMARY KEY (tenant, name, number),
            UNIQUE (tenant, name, digest),
            FOREIGN KEY (tenant, name) REFERENCES adapters (tenant, name)
        ) WITHOUT ROWID;
        CREATE INDEX versions_by_digest ON versions (digest);
        CREATE TABLE aliases (
            tenant TEXT NOT NULL,
            name TEXT NOT NULL,
            alias TEXT NOT NULL,
            number INTEGER NOT NULL,
            updated_at TEXT NOT NULL,
            PRIMARY KEY (tenant, name, alias),
            FOREIGN KEY (tenant, name, number) REFERENCES versions (tenant, name, number)
        ) WITHOUT ROWID;
        CREATE TABLE verifications (
            digest TEXT NOT NULL,
            base TEXT NOT NULL,
            facts TEXT NOT NULL,
            verified_at TEXT NOT NULL,
            PRIMARY KEY (digest, base)
        ) WITHOUT ROWID;
        """,
    ];

    public static void Apply(SqliteConnection connection, string now)
    {
        connection.Execute("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL)");
        var applied = connection.Query<(long Number, string Checksum)>("SELECT number, checksum FROM migrations ORDER BY number").ToList();
        if (applied.Count > Steps.Length)
        {
            throw Mismatch("was written by a newer version of the server");
        }

        for (var i = 0; i < Steps.Length; i++)
        {
            var checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Steps[i].ReplaceLineEndings("\n"))));
            if (i < applied.Count)
            {
                if (applied[i].Number != i + 1 || applied[i].Checksum != checksum)
                {
                    throw Mismatch($"has another schema step {i + 1} than this server");
                }

                continue;
            }

            var (number, step) = (i + 1, Steps[i]);
            SqliteChange.Run(connection, () =>
            {
                connection.Execute(step);
                connection.Execute("INSERT INTO migrations VALUES (@number, @checksum, @now)", new { number, checksum, now });
            });
        }
    }

    private static AdapterStoreException Mismatch(string reason) =>
        new(AdapterErrorKind.Conflict, "registry_schema", $"The registry in the data folder {reason}; start with the matching server or another data folder.");
}
