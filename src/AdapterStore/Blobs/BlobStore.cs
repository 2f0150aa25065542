using AdapterServe.AdapterStore.Lowering;

namespace AdapterServe.AdapterStore.Blobs;

/// <summary>
/// Content-addressed folders: <c>blobs/ab/abcd…/</c> holds the files of the version with digest <c>sha256:abcd…</c>.
/// <b>Effects</b>: a blob appears by one rename after its files are on disk, and goes by one, so it is whole or absent; whoever removes one has made sure that nobody needs it.
/// </summary>
internal sealed class BlobStore
{
    /// <summary>Holds the <see cref="LowerOption"/> of a content that is to be approximated.</summary>
    public const string LowerFile = ".lower";

    private const string StagingFolder = ".staging";

    private const string Prefix = "sha256:";

    private readonly AdapterStoreOptions _options;
    private readonly string _blobs;
    private readonly string _staging;

    public BlobStore(AdapterStoreOptions options)
    {
        _options = options;
        _blobs = options.Blobs is { Length: > 0 } shared ? Path.GetFullPath(shared) : Path.Combine(options.DataDirectory, "blobs");
        // On the same disk, so that a rename suffices.
        _staging = options.Blobs is { Length: > 0 } ? Path.Combine(_blobs, StagingFolder) : Path.Combine(options.DataDirectory, "staging");
        FileSystem.CreateFolder(_blobs);
        FileSystem.CreateFolder(_staging);
    }

    public StagedFiles Begin() => new(Path.Combine(_staging, Guid.NewGuid().ToString("N")), _options);

    public bool Exists(string digest) => Directory.Exists(FolderOf(digest));

    /// <summary>The stored files. <b>Errors</b>: NotFound when they are gone.</summary>
    public AdapterFiles Open(string digest)
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

    /// <summary>Makes the staged files durable: the slow half of <see cref="Commit"/>, which may be done ahead, outside any lock.</summary>
    public static void Flush(StagedFiles files)
    {
        if (files.Flushed)
        {
            return;
        }

        foreach (var file in files.Files)
        {
            FileSystem.FlushFile(Path.Combine(files.Folder, file.Name));
        }

        if (files.Lower is not null)
        {
            FileSystem.FlushFile(Path.Combine(files.Folder, LowerFile));
        }

        FileSystem.FlushFolder(files.Folder);
        files.Flushed = true;
    }

    /// <summary>Turns the files into the blob. Returns false when the content was there already; then nothing changes.</summary>
    public bool Commit(StagedFiles files, string digest)
    {
        var folder = FolderOf(digest);
        if (Directory.Exists(folder))
        {
            return false;
        }

        Flush(files);
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

    /// <summary>Does nothing where there is no such blob.</summary>
    public Task RemoveAsync(string digest)
    {
        if (Exists(digest))
        {
            var trash = Path.Combine(_staging, Guid.NewGuid().ToString("N"));
            Directory.Move(FolderOf(digest), trash);
            FileSystem.RemoveFolder(trash);
        }

        return Task.CompletedTask;
    }

    /// <summary>Of every blob.</summary>
    public IEnumerable<string> Digests() =>
        Directory.EnumerateDirectories(_blobs).Where(folder => Path.GetFileName(folder) != StagingFolder).SelectMany(Directory.EnumerateDirectories).Select(folder => Prefix + Path.GetFileName(folder)).ToList();

    /// <summary>Removes what a crash left of uploads that never ended: what nobody has touched since a time.</summary>
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

    public string FolderOf(string digest)
    {
        var hex = digest.StartsWith(Prefix, StringComparison.Ordinal) ? digest[Prefix.Length..] : throw new ArgumentException("Not a digest.", nameof(digest));
        return Path.Combine(_blobs, hex[..2], hex);
    }
}
