using Microsoft.Data.Sqlite;

namespace AdapterServe.AdapterStore;

/// <summary>The one place that builds the store's typed exceptions from what the system reports.</summary>
internal static class StoreErrors
{
    private const int NoSpaceLeft = 28;
    private const int QuotaExceeded = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int SqliteFull = 13;
    private const int SqliteSharedMemorySize = 4874;

    public static AdapterStoreException Malformed(string code, string message, Exception? inner = null) =>
        new(AdapterErrorKind.Malformed, code, message, inner);

    public static AdapterStoreException Unservable(string code, string message, Exception? inner = null) =>
        new(AdapterErrorKind.Unservable, code, message, inner);

    public static AdapterStoreException LayerNorm(string path) =>
        Unservable("norm_kind", $"The adapter changes '{path}', which is a LayerNorm; only norms without centring are served with weights of an adapter's own.");

    public static AdapterStoreException TooLarge(string code, string message) => new(AdapterErrorKind.TooLarge, code, message);

    public static AdapterStoreException NotFound(string message, Exception? inner = null) =>
        new(AdapterErrorKind.NotFound, "adapter_not_found", message, inner);

    public static AdapterStoreException StorageFull(Exception inner) => new(
        AdapterErrorKind.StorageFull, "storage_full", "The disk that holds the adapters is full; free some space and send the upload again.", inner);

    public static AdapterStoreException RegistryUnavailable(Exception? inner = null) => new(
        AdapterErrorKind.Unavailable, "registry_unavailable", "The registry's database does not answer; nothing was changed, send the request again in a moment.", inner);

    public static AdapterStoreException BlobsUnavailable(Exception inner) => new(
        AdapterErrorKind.Unavailable, "blobs_unavailable", "The bucket that holds the adapters' files does not answer; nothing was changed, send the request again in a moment.", inner);

    public static AdapterStoreException UploadTooOld() => new(
        AdapterErrorKind.Unavailable, "upload_too_old", "The upload took so long that its files were cleared away before it ended; send it again.");

    public static bool IsDiskFull(Exception exception) => exception switch
    {
        IOException io => io.HResult is NoSpaceLeft or QuotaExceeded or WindowsDiskFull,
        SqliteException sqlite => sqlite.SqliteErrorCode == SqliteFull || sqlite.SqliteExtendedErrorCode == SqliteSharedMemorySize,
        _ => false,
    };
}
