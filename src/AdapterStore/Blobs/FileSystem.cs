using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace AdapterServe.AdapterStore.Blobs;

/// <summary>
/// File operations whose effect outlives a crash.
/// </summary>
internal static class FileSystem
{
    public static void CreateFolder(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (IOException error) when (StoreErrors.IsDiskFull(error))
        {
            throw StoreErrors.StorageFull(error);
        }
    }

    public static void RemoveFolder(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    public static void FlushFile(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Makes a rename or new entry in the folder durable. The runtime opens no folders, so this asks the C library; Windows has no such call and needs none.</summary>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const int ReadOnly = 0;
        var descriptor = Open(Encoding.UTF8.GetBytes(path + "\0"), ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"Cannot open the folder {path} to flush it.", Marshal.GetLastPInvokeError());
        }

        var failed = Fsync(descriptor) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (failed)
        {
            throw new IOException($"Cannot flush the folder {path}.", error);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "The generated form needs unsafe code, which this project has none of.")]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "The generated form needs unsafe code, which this project has none of.")]
    private static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "The generated form needs unsafe code, which this project has none of.")]
    private static extern int Close(int descriptor);
}
