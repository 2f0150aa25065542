namespace AdapterServe.Engine.Models.Cache;

/// <summary>Tells a full disk from other I/O errors.</summary>
internal static class DiskFull
{
    private const int NoSpace = 28; // ENOSPC
    private const int QuotaExceeded = 122; // EDQUOT
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    public static bool Is(IOException error) => error.HResult is NoSpace or QuotaExceeded or WindowsDiskFull;
}
