namespace AdapterServe.AdapterServer.Hosting;

/// <summary>The folder of everything that is kept.</summary>
internal static class DataFolder
{
    /// <summary>Makes the folder and proves that it can be written. <b>Errors</b>: <see cref="StartupException"/>.</summary>
    public static void Prepare(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, $".probe-{Environment.ProcessId}");
            using (var file = new FileStream(probe, FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
                file.Write("writable"u8);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new StartupException($"The data folder {Path.GetFullPath(folder)} can't be written: {e.Message}", e);
        }
    }
}
