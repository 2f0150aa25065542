namespace AdapterServe.AdapterStore.Blobs;

/// <summary>
/// Where contents are kept, by digest. A content appears whole or not at all.
/// <b>Effects</b>: any thread. <b>Errors</b> of all: StorageFull; Unavailable (<c>blobs_unavailable</c>) where the files are on another machine that
/// does not answer.
/// </summary>
internal interface IBlobStore
{
    /// <summary>A place for the files of one upload, on this machine's disk.</summary>
    StagedFiles Begin();

    /// <summary>Removes what a crash left of uploads that never ended: what nobody has touched since a time.</summary>
    void ClearStaging(DateTimeOffset since);

    Task<bool> ExistsAsync(string digest, CancellationToken cancellationToken);

    /// <summary>
    /// Brings a content to this machine's disk unless it is there, for <see cref="Open"/> not to wait. <b>Errors</b>: also NotFound; Unservable for
    /// files that are not what was stored.
    /// </summary>
    Task FetchAsync(string digest, CancellationToken cancellationToken);

    /// <summary>
    /// The stored files, which stay on this machine's disk until the lease ends, unless the content is removed. <b>Errors</b>: as
    /// <see cref="FetchAsync"/>, which it does where need be.
    /// </summary>
    BlobLease Open(string digest);

    /// <summary>Turns files into the content. Where it is stored already nothing changes.</summary>
    /// <param name="files">What was uploaded; its folder may belong to the store afterwards.</param>
    /// <param name="digest">Its digest, which the caller has claimed.</param>
    /// <param name="isSound">What is stored under the digest is known to be good and to stay: see <see cref="Registry.BlobClaim"/>.</param>
    /// <param name="cancellationToken">Gives up; the content is then there or not.</param>
    Task CommitAsync(StagedFiles files, string digest, bool isSound, CancellationToken cancellationToken);

    /// <summary>Does nothing where there is no such content. Whoever removes one has made sure that nobody needs it.</summary>
    Task RemoveAsync(string digest);

    /// <summary>Of every content.</summary>
    Task<IReadOnlyCollection<string>> ListAsync(CancellationToken cancellationToken);
}
