namespace AdapterServe.Engine.Models.Cache;

/// <summary>
/// Keeps other processes and other imports of this one away from a name in a folder.
/// <b>Effects</b>: an operating-system lock on a file that stays behind; it ends with the process, however that ends.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(50);
    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    public static async Task<FolderLock> TakeAsync(string path, TimeProvider time, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException error) when (File.Exists(path) && !DiskFull.Is(error))
            {
                // Held by another: the system has no way to be told when it is free.
                await Task.Delay(s_retry, time, cancellation).ConfigureAwait(false);
            }
        }
    }

    public void Dispose() => _file.Dispose();
}
