using Dapper;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>
/// Which contents are stored, and who is about to store one. A content is collected when no version names it and no upload claims it, while its row is locked: so nothing that
/// an upload relies on goes, and nothing that failed stays.
/// </summary>
internal sealed class BlobClaims(RegistryDatabase database, TimeProvider time)
{
    /// <summary>After this an upload that never ended is taken to be dead.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    /// <summary>Before a content is stored: it stays for an hour, or until the claim is used. Waits for a collection of the same content.</summary>
    public Task<BlobClaim> ClaimAsync(string digest, CancellationToken cancellationToken) => database.ChangeAsync(
        async connection =>
        {
            var claim = Guid.NewGuid().ToString("N");
            await connection.ExecuteAsync(
                "INSERT INTO blobs (digest, claim, claimed_at) VALUES (@digest, @claim, @now) ON CONFLICT (digest) DO UPDATE SET claim = @claim, claimed_at = @now",
                new { digest, claim, now = RegistryTime.Format(time.GetUtcNow()) }).ConfigureAwait(false);
            var isSound = await connection.ExecuteScalarAsync<long>(
                """
                SELECT COUNT(*) FROM versions WHERE digest = @digest
                AND NOT EXISTS (SELECT 1 FROM verifications f WHERE f.digest = versions.digest AND f.state <> 'ready')
                """,
                new { digest }).ConfigureAwait(false) > 0;
            return new BlobClaim(claim, isSound);
        },
        cancellationToken);

    /// <summary>Removes a content that nothing needs. Returns whether it did.</summary>
    /// <param name="digest">The content.</param>
    /// <param name="ownClaim">A claim that counts as none: the caller's own, or <see cref="AnyClaim"/>.</param>
    /// <param name="remove">Removes it from where it is stored; may be called when it is not there, and twice.</param>
    /// <param name="cancellationToken">Gives up before anything has happened.</param>
    public Task<bool> CollectAsync(string digest, string ownClaim, Func<Task> remove, CancellationToken cancellationToken) => database.ChangeAsync(
        async connection =>
        {
            // A content without a row, which is none of ours, gets one: it is the lock.
            await connection.ExecuteAsync("INSERT INTO blobs (digest, claim, claimed_at) VALUES (@digest, '', '') ON CONFLICT (digest) DO NOTHING", new { digest }).ConfigureAwait(false);
            var (claim, claimedAt) = await connection.QuerySingleAsync<(string, string)>(
                "SELECT claim, claimed_at FROM blobs WHERE digest = @digest" + database.ForUpdate, new { digest }).ConfigureAwait(false);
            var isClaimed = claim.Length > 0 && claim != ownClaim && ownClaim != AnyClaim && string.CompareOrdinal(claimedAt, GraceEnd()) > 0;
            if (isClaimed || await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM versions WHERE digest = @digest", new { digest }).ConfigureAwait(false) > 0)
            {
                return false;
            }

            // First, so that a full disk has room again for the rest.
            await remove().ConfigureAwait(false);
            await connection.ExecuteAsync("DELETE FROM blobs WHERE digest = @digest", new { digest }).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Contents that could be collected.</summary>
    public Task<List<string>> FindAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async connection => (await connection.QueryAsync<string>(
            "SELECT digest FROM blobs WHERE (claim = '' OR claimed_at <= @end) AND NOT EXISTS (SELECT 1 FROM versions WHERE versions.digest = blobs.digest)",
            new { end = GraceEnd() }).ConfigureAwait(false)).ToList(),
        cancellationToken);

    /// <summary>Where nobody else can have an upload under way.</summary>
    public const string AnyClaim = "any";

    /// <summary>A claim that no upload has.</summary>
    public const string NoClaim = "none";

    private string GraceEnd() => RegistryTime.Format(time.GetUtcNow() - Grace);
}

/// <summary>An upload's right to a content.</summary>
/// <param name="Name">Differs from every other claim's.</param>
/// <param name="IsSound">
/// A version names the content, so that no removal can be under way, not even one that was given up and whose last request is still on the wire, and no load has complained of its files.
/// </param>
internal sealed record BlobClaim(string Name, bool IsSound);
