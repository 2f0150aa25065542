namespace AdapterServe.AdapterStore.Blobs;

/// <summary>Keeps a content's files on this machine's disk while they are read.</summary>
public sealed class BlobLease : IDisposable
{
    private Action? _release;

    internal BlobLease(AdapterFiles files, Action? release = null)
    {
        Files = files;
        _release = release;
    }

    /// <summary>Where they lie.</summary>
    public string Folder => Files.Folder;

    internal AdapterFiles Files { get; }

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
