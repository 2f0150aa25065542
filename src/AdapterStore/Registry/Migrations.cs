using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>
/// The registry's schema as a list of steps that only ever grows. Each step that ran is recorded with the checksum of its text,
/// so a registry from another line of development is refused rather than misread. Replicas that start together run each step once.
/// </summary>
internal static class Migrations
{
    public static Task ApplyAsync(RegistryDatabase database, string now, CancellationToken cancellationToken) => database.ChangeAsync(
        async connection =>
        {
            await database.LockSchemaAsync(connection).ConfigureAwait(false);
            await connection.ExecuteAsync(database.Translate("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL)"))
                .ConfigureAwait(false);
            var applied = await ReadAsync(connection).ConfigureAwait(false);
            for (var i = applied.Count; i < MigrationSteps.All.Length; i++)
            {
                await connection.ExecuteAsync(database.Translate(MigrationSteps.All[i])).ConfigureAwait(false);
                await RecordAsync(connection, i, now).ConfigureAwait(false);
            }

            await connection.ExecuteAsync("INSERT INTO registry_clock VALUES (1, 0, @id) ON CONFLICT (id) DO NOTHING", new { id = Guid.NewGuid().ToString("N") }).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>How many steps a registry has; changes nothing. <b>Errors</b>: as <see cref="ApplyAsync"/>.</summary>
    public static Task<int> AppliedAsync(RegistryDatabase database, CancellationToken cancellationToken) =>
        database.ReadAsync(async connection => (await ReadAsync(connection).ConfigureAwait(false)).Count, cancellationToken);

    private static async Task<List<(long Number, string Checksum)>> ReadAsync(DbConnection connection)
    {
        var applied = (await connection.QueryAsync<(long Number, string Checksum)>("SELECT number, checksum FROM migrations ORDER BY number").ConfigureAwait(false)).ToList();
        Require(applied);
        return applied;
    }

    private static Task<int> RecordAsync(DbConnection connection, int step, string now) =>
        connection.ExecuteAsync("INSERT INTO migrations VALUES (@number, @checksum, @now)", new { number = (long)step + 1, checksum = ChecksumOf(MigrationSteps.All[step]), now });

    private static void Require(List<(long Number, string Checksum)> applied)
    {
        if (applied.Count > MigrationSteps.All.Length)
        {
            throw Mismatch("was written by a newer version of the server");
        }

        for (var i = 0; i < applied.Count; i++)
        {
            if (applied[i].Number != i + 1 || applied[i].Checksum != ChecksumOf(MigrationSteps.All[i]))
            {
                throw Mismatch($"has another schema step {i + 1} than this server");
            }
        }
    }

    private static string ChecksumOf(string step) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(step.ReplaceLineEndings("\n"))));

    private static AdapterStoreException Mismatch(string reason) =>
        new(AdapterErrorKind.Conflict, "registry_schema", $"The registry {reason}; start with the matching server or another registry.");
}
