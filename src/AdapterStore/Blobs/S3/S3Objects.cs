using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace AdapterServe.AdapterStore.Blobs.S3;

/// <summary>
/// The objects under a prefix of a bucket.
/// <b>Effects</b>: any thread; every call ends within the limits of <see cref="S3Settings.Timeout"/>, retries included.
/// <b>Errors</b>: Unavailable <c>blobs_unavailable</c>, whatever is wrong with the bucket or the way there.
/// </summary>
internal sealed class S3Objects : IDisposable
{
    private const int Retries = 2;
    private const int DeletedAtOnce = 500;
    private const string DefaultRegion = "us-east-1";

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    private readonly AmazonS3Client _client;
    private readonly string _bucket;
    private readonly string _prefix;
    private readonly TimeSpan _patience;
    private readonly bool _isSecure;

    public S3Objects(S3Settings settings, string bucket, string prefix)
    {
        (_bucket, _prefix, _patience) = (bucket, prefix, settings.Timeout);
        _client = new AmazonS3Client(Config(settings));
        _isSecure = settings.Endpoint is null || settings.Endpoint.Scheme == Uri.UriSchemeHttps;
    }

    /// <summary>Stores a file, in parts where it is large. Nothing is there before all of it is.</summary>
    public async Task PutAsync(string key, string path, CancellationToken cancellationToken)
    {
        var file = File.OpenRead(path);
        await using var _ = file.ConfigureAwait(false);
        if (file.Length <= PartedUpload.PartBytes)
        {
            await PutAsync(key, file, cancellationToken).ConfigureAwait(false);
            return;
        }

        var upload = new PartedUpload(_client, _bucket, _prefix + key, _isSecure);
        await CallAsync(file.Length, limit => upload.SendAsync(path, file.Length, limit), cancellationToken).ConfigureAwait(false);
    }

    public Task PutAsync(string key, Stream content, CancellationToken cancellationToken) => CallAsync(
        content.Length,
        limit => _client.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = _bucket, Key = _prefix + key, InputStream = content, AutoCloseStream = false,
                UseChunkEncoding = false, DisablePayloadSigning = _isSecure, StreamTransferProgress = (_, _) => limit.Progress(),
            },
            limit.Token),
        cancellationToken);

    /// <summary>Reads an object. Returns false where there is none.</summary>
    /// <param name="key">Which.</param>
    /// <param name="bytes">How long it is said to be; one of another length is none.</param>
    /// <param name="read">Reads it to its end.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<bool> TryGetAsync(string key, long bytes, Func<Stream, CancellationToken, Task> read, CancellationToken cancellationToken) => CallAsync(
        bytes,
        async limit =>
        {
            try
            {
                using var response = await _client.GetObjectAsync(_bucket, _prefix + key, limit.Token).ConfigureAwait(false);
                if (response.ContentLength != bytes)
                {
                    return false;
                }

                var content = new WatchedStream(response.ResponseStream, limit.Progress);
                await using var _ = content.ConfigureAwait(false);
                await read(content, limit.Token).ConfigureAwait(false);
                return true;
            }
            catch (AmazonS3Exception missing) when (missing.ErrorCode == "NoSuchKey")
            {
                return false;
            }
        },
        cancellationToken);

    /// <summary>Keys, without the prefix, and lengths.</summary>
    public Task<List<(string Key, long Bytes)>> ListAsync(string prefix, CancellationToken cancellationToken) => CallAsync(
        0,
        async limit =>
        {
            var found = new List<(string, long)>();
            var request = new ListObjectsV2Request { BucketName = _bucket, Prefix = _prefix + prefix };
            do
            {
                var page = await _client.ListObjectsV2Async(request, limit.Token).ConfigureAwait(false);
                found.AddRange((page.S3Objects ?? []).Select(item => (item.Key[_prefix.Length..], item.Size ?? 0)));
                request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
                limit.Progress();
            }
            while (request.ContinuationToken is not null);

            return found;
        },
        cancellationToken);

    public Task DeleteAsync(IEnumerable<string> keys, CancellationToken cancellationToken) => CallAsync(
        0,
        async limit =>
        {
            foreach (var chunk in keys.Chunk(DeletedAtOnce))
            {
                var objects = chunk.Select(key => new KeyVersion { Key = _prefix + key }).ToList();
                var request = new DeleteObjectsRequest { BucketName = _bucket, Objects = objects, Quiet = true };
                await _client.DeleteObjectsAsync(request, limit.Token).ConfigureAwait(false);
            }
        },
        cancellationToken);

    public void Dispose() => _client.Dispose();

    /// <summary>Whether an error is the bucket's refusal of this server, which waiting does not change.</summary>
    public static bool IsRefusal(AdapterStoreException error) =>
        error.InnerException is AmazonS3Exception refusal && (int)refusal.StatusCode is >= 300 and < 500 and not (408 or 429);

    /// <summary>Whether an error is the bucket's or the way's.</summary>
    public static bool IsOutage(Exception error) =>
        error is AmazonServiceException or AmazonClientException or HttpRequestException or OperationCanceledException or TimeoutException
        || (error is IOException && !StoreErrors.IsDiskFull(error));

    private static AmazonS3Config Config(S3Settings settings)
    {
        // Checksums of the content's own make those of the protocol's newer versions, which not every server knows, unnecessary.
        var config = new AmazonS3Config
        {
            ForcePathStyle = settings.PathStyle,
            MaxErrorRetry = Retries,
            ConnectTimeout = ConnectTimeout,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (settings.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.ToString();
            config.AuthenticationRegion = settings.Region ?? DefaultRegion;
        }
        else if (settings.Region is { } region)
        {
            config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(region);
        }

        return config;
    }

    private Task<bool> CallAsync(long bytes, Func<CallLimit, Task> call, CancellationToken cancellationToken) => CallAsync(
        bytes,
        async limit =>
        {
            await call(limit).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    private async Task<T> CallAsync<T>(long bytes, Func<CallLimit, Task<T>> call, CancellationToken cancellationToken)
    {
        using var limit = new CallLimit(_patience, bytes, cancellationToken);
        try
        {
            return await call(limit).ConfigureAwait(false);
        }
        catch (Exception error) when (IsOutage(error) && !cancellationToken.IsCancellationRequested)
        {
            throw StoreErrors.BlobsUnavailable(error);
        }
    }
}
