using AdapterServe.AdapterStore.Lowering;

namespace AdapterServe.AdapterStore.Blobs;

/// <summary>
/// Content-addressed folders: <c>blobs/ab/abcd…/</c> holds the files of the version with digest <c>sha256:abcd…</c>.
/// <b>Effects</b>: a blob appears by one rename after its files are on disk, and goes by one, so it is whole or absent; whoever removes one has made sure that nobody needs it.
/// </summary>
internal sealed class BlobStore : IBlobStore
{
    /// <summary>Holds the <see cref="LowerOption"/> of a content that is to be approximated.</summary>
    public const string LowerFile = ".lower";

    private const string StagingFolder = ".staging";

    private readonly AdapterStoreOptions _options;
    private readonly string _blobs;
    private readonly string _staging;

    /// <param name="options">The data folder, and limits of uploads.</param>
    /// <param name="shared">The folder, where it is not the data folder's own.</param>
    public BlobStore(AdapterStoreOptions options, string? shared = null)
    {
        _options = options;
        _blobs = shared is not null ? Path.GetFullPath(shared) : Path.Combine(options.DataDirectory, "blobs");
        // On the same disk, so that a rename suffices.
        _staging = shared is not null ? Path.Combine(_blobs, StagingFolder) : Path.Combine(options.DataDirectory, "staging");
        FileSystem.CreateFolder(_blobs);
        FileSystem.CreateFolder(_staging);
    }

    public StagedFiles Begin() => new(Path.Combine(_staging, Guid.NewGuid().ToString("N")), _options);

    public bool Exists(string digest) => Directory.Exists(FolderOf(digest));

    public Task<bool> ExistsAsync(string digest, CancellationToken cancellationToken) => Task.FromResult(Exists(digest));

    public Task FetchAsync(string digest, CancellationToken cancellationToken) => Task.CompletedTask;

    public BlobLease Open(string digest) => new(Read(digest));

    /// <summary>The stored files. <b>Errors</b>: NotFound when they are gone.</summary>
    public AdapterFiles Read(string digest)
    {
        var folder = FolderOf(digest);
        try
        {
            var names = Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).ToList();
            return new AdapterFiles(folder, names.Where(name => name != LowerFile)) { Lower = names.Contains(LowerFile) ? ReadLower(folder) : null };
        }
        catch (DirectoryNotFoundException error)
        {
            throw StoreErrors.NotFound($"The files of {digest} are no longer stored.", error);
        }
    }

    public Task CommitAsync(StagedFiles files, string digest, bool isSound, CancellationToken cancellationToken)
    {
        Commit(files, digest);
        return Task.CompletedTask;
    }

    /// <summary>Turns the files into the blob. Returns false when the content was there already; then nothing changes.</summary>
    public bool Commit(StagedFiles files, string digest)
    {
        var folder = FolderOf(digest);
        if (Directory.Exists(folder))
        {
            return false;
        }

        files.Flush();
        var shard = Path.GetDirectoryName(folder)!;
        FileSystem.CreateFolder(shard);
        try
        {
            Directory.Move(files.Folder, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another upload of the same content was faster.
            return false;
        }

        files.MarkMoved();
        FileSystem.FlushFolder(shard);
        FileSystem.FlushFolder(_blobs);
        return true;
    }

    public Task RemoveAsync(string digest)
    {
        Remove(digest);
        return Task.CompletedTask;
    }

    /// <summary>Does nothing where there is no such blob.</summary>
    public void Remove(string digest)
    {
        if (Exists(digest))
        {
            var trash = Path.Combine(_staging, Guid.NewGuid().ToString("N"));
            Directory.Move(FolderOf(digest), trash);
            FileSystem.RemoveFolder(trash);
        }
    }

    public Task<IReadOnlyCollection<string>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyCollection<string>>(Digests());

    /// <summary>Of every blob.</summary>
    public List<string> Digests() =>
        Directory.EnumerateDirectories(_blobs).Where(folder => Path.GetFileName(folder) != StagingFolder)
            .SelectMany(Directory.EnumerateDirectories).Select(folder => ContentDigest.Prefix + Path.GetFileName(folder)).ToList();

    public void ClearStaging(DateTimeOffset since)
    {
        foreach (var leftover in new DirectoryInfo(_staging).EnumerateFileSystemInfos().Where(entry => entry.LastWriteTimeUtc <= since.UtcDateTime).ToList())
        {
            if (leftover is DirectoryInfo folder)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                leftover.Delete();
            }
        }
    }

    private static LowerOption ReadLower(string folder)
    {
        try
        {
            return LowerOption.Parse(File.ReadAllText(Path.Combine(folder, LowerFile)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or AdapterStoreException)
        {
            throw StoreErrors.Unservable("unreadable_files", "What is stored of the adapter cannot be read from the disk; upload the adapter again.", error);
        }
    }

    private string FolderOf(string digest)
    {
        var hex = ContentDigest.HexOf(digest);
        return Path.Combine(_blobs, hex[..2], hex);
    }
}
