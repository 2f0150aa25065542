using System.Collections.Concurrent;
using System.Globalization;

namespace AdapterServe.AdapterStore.Blobs.S3;

/// <summary>
/// Contents as objects of a bucket: <c>ab/abcd…/&lt;generation&gt;/&lt;file&gt;</c> and, written last, <c>…/&lt;generation&gt;/.manifest</c>.
/// <b>Semantics</b>: every storing is a generation of its own and a removal names the generations that it saw, so one that was given up, whose last
/// request reaches the bucket later, can't hit what
/// was stored meanwhile. Of several whole generations the newest counts.
/// <b>Effects</b>: what is used lies on this machine's disk; from there it is served while the bucket is away.
/// </summary>
internal sealed class S3BlobStore(S3Objects bucket, FetchedBlobs fetched) : IBlobStore, IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task>> _fetches = new(StringComparer.Ordinal);

    public StagedFiles Begin() => fetched.Begin();

    public void ClearStaging(DateTimeOffset since) => fetched.ClearStaging(since);

    public async Task<bool> ExistsAsync(string digest, CancellationToken cancellationToken) =>
        fetched.Has(digest) || (await FindAsync(digest, cancellationToken).ConfigureAwait(false)).Count > 0;

    /// <summary>Once for all who wait for it; nobody's leaving ends it.</summary>
    public async Task FetchAsync(string digest, CancellationToken cancellationToken)
    {
        if (fetched.TryOpen(digest) is { } here)
        {
            here.Dispose();
            return;
        }

        var fetch = _fetches.GetOrAdd(digest, _ => new Lazy<Task>(() => Task.Run(() => FetchNowAsync(digest))));
        try
        {
            await fetch.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (fetch.Value.IsCompleted)
            {
                _fetches.TryRemove(new KeyValuePair<string, Lazy<Task>>(digest, fetch));
            }
        }
    }

    public BlobLease Open(string digest)
    {
        while (true)
        {
            if (fetched.TryOpen(digest) is { } lease)
            {
                return lease;
            }

            FetchAsync(digest, CancellationToken.None).GetAwaiter().GetResult();
        }
    }

    public async Task CommitAsync(StagedFiles files, string digest, bool isSound, CancellationToken cancellationToken)
    {
        if (!isSound || (await FindAsync(digest, cancellationToken).ConfigureAwait(false)).Count == 0)
        {
            var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            var generation = FolderOf(digest) + string.Create(CultureInfo.InvariantCulture, $"{now:D14}-{Guid.NewGuid():N}/");
            foreach (var file in files.Files)
            {
                await bucket.PutAsync(generation + file.Name, Path.Combine(files.Folder, file.Name), cancellationToken).ConfigureAwait(false);
            }

            using var manifest = new MemoryStream(BlobManifest.Of(files).Write());
            await bucket.PutAsync(generation + BlobManifest.Name, manifest, cancellationToken).ConfigureAwait(false);
        }

        fetched.Add(files, digest);
    }

    public async Task RemoveAsync(string digest)
    {
        fetched.Remove(digest);
        var keys = (await bucket.ListAsync(FolderOf(digest), CancellationToken.None).ConfigureAwait(false)).Select(item => item.Key).ToList();
        // First what makes the files a content.
        foreach (var part in keys.GroupBy(IsManifest).OrderByDescending(part => part.Key))
        {
            await bucket.DeleteAsync(part, CancellationToken.None).ConfigureAwait(false);
        }
    }

    public async Task<IReadOnlyCollection<string>> ListAsync(CancellationToken cancellationToken)
    {
        var items = await bucket.ListAsync(string.Empty, cancellationToken).ConfigureAwait(false);
        return [.. items.Select(item => item.Key.Split('/')).Where(IsContent).Select(parts => ContentDigest.Prefix + parts[1]).Distinct()];
    }

    public void Dispose() => bucket.Dispose();

    private static bool IsContent(string[] parts) => 
        parts.Length == 4 && parts[1].Length == 64 && parts[1].All(char.IsAsciiHexDigitLower) && parts[1].StartsWith(parts[0], StringComparison.Ordinal);

    private static bool IsManifest(string key) => key.EndsWith("/" + BlobManifest.Name, StringComparison.Ordinal);

    private static string FolderOf(string digest)
    {
        var hex = ContentDigest.HexOf(digest);
        return $"{hex[..2]}/{hex}/";
    }

    /// <summary>The manifests of the whole generations, newest first.</summary>
    private async Task<List<(string Key, long Bytes)>> FindAsync(string digest, CancellationToken cancellationToken)
    {
        var items = await bucket.ListAsync(FolderOf(digest), cancellationToken).ConfigureAwait(false);
        return [.. items.Where(item => IsManifest(item.Key) && item.Bytes <= BlobManifest.MaxBytes).OrderByDescending(item => item.Key, StringComparer.Ordinal)];
    }

    private async Task FetchNowAsync(string digest)
    {
        var generations = await FindAsync(digest, CancellationToken.None).ConfigureAwait(false);
        if (generations.Count == 0)
        {
            throw StoreErrors.NotFound($"The files of {digest} are no longer stored.");
        }

        foreach (var (key, bytes) in generations)
        {
            using var files = fetched.Begin();
            if (await TryFetchAsync(key, bytes, digest, files).ConfigureAwait(false))
            {
                fetched.Add(files, digest);
                return;
            }
        }

        throw StoreErrors.Unservable("unreadable_files", "What is stored of the adapter is not what was uploaded; upload the adapter again.");
    }

    /// <summary>False where it is not what its digest says.</summary>
    private async Task<bool> TryFetchAsync(string key, long bytes, string digest, StagedFiles files)
    {
        var content = new MemoryStream();
        var isThere = await bucket
            .TryGetAsync(key, bytes, (stream, token) => stream.CopyToAsync(content, token), CancellationToken.None).ConfigureAwait(false);
        if (!isThere || BlobManifest.TryRead(content.ToArray(), digest) is not { } manifest)
        {
            return false;
        }

        if (manifest.LowerOption is { } lower)
        {
            files.AskFor(lower);
        }

        foreach (var file in manifest.Files)
        {
            var place = key[..^BlobManifest.Name.Length] + file.Name;
            if (!await bucket.TryGetAsync(place, file.Bytes, (stream, token) => files.AddAsync(file.Name, stream, token), CancellationToken.None).ConfigureAwait(false))
            {
                return false;
            }
        }

        return files.ComputeDigest() == digest;
    }
}
