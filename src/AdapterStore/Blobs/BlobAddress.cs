using AdapterServe.AdapterStore.Blobs.S3;

namespace AdapterServe.AdapterStore.Blobs;

/// <summary>What the option of where files are means.</summary>
internal static class BlobAddress
{
    private const string Scheme = "s3://";

    /// <summary>
    /// <c>s3://bucket/prefix</c> is a bucket; anything else is a folder's path. <b>Errors</b>: Conflict <c>blobs_address</c> for a bucket without a
    /// name.
    /// </summary>
    public static IBlobStore Open(AdapterStoreOptions options)
    {
        if (options.Blobs is not { Length: > 0 } address)
        {
            return new BlobStore(options);
        }

        if (!IsBucket(address))
        {
            return new BlobStore(options, address);
        }

        var (bucket, prefix) = Split(address);
        return new S3BlobStore(new S3Objects(options.S3, bucket, prefix), new FetchedBlobs(new BlobStore(options), options.BlobCacheBytes));
    }

    public static bool IsBucket(string address) => address.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    private static (string Bucket, string Prefix) Split(string address)
    {
        var parts = address[Scheme.Length..].Split('/', 2);
        var prefix = parts.Length > 1 ? parts[1].Trim('/') : string.Empty;
        return parts[0].Length > 0
            ? (parts[0], prefix.Length == 0 ? prefix : prefix + "/")
            : throw new AdapterStoreException(
                AdapterErrorKind.Conflict, "blobs_address", $"'{address}' names no bucket; write s3://bucket or s3://bucket/prefix.");
    }
}
