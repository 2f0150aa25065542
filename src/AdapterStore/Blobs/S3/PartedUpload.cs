using Amazon.S3;
using Amazon.S3.Model;

namespace AdapterServe.AdapterStore.Blobs.S3;

/// <summary>
/// One large file as an object, sent in parts, several at a time. <b>Effects</b>: there is no object before the last step, and no parts where an
/// earlier one failed, unless the bucket is away.
/// </summary>
/// <param name="client">The bucket's server.</param>
/// <param name="bucket">Its name.</param>
/// <param name="key">The object's.</param>
/// <param name="isSecure">The way there is: then the parts need no signature of their own.</param>
internal sealed class PartedUpload(AmazonS3Client client, string bucket, string key, bool isSecure)
{
    public const long PartBytes = 16 << 20;

    private const int PartsAtOnce = 4;

    /// <summary>S3's own limit.</summary>
    private const int MaxParts = 10_000;

    public async Task SendAsync(string path, long bytes, CallLimit limit)
    {
        var begin = new InitiateMultipartUploadRequest { BucketName = bucket, Key = key };
        var upload = (await client.InitiateMultipartUploadAsync(begin, limit.Token).ConfigureAwait(false)).UploadId;
        try
        {
            var size = Math.Max(PartBytes, (bytes + MaxParts - 1) / MaxParts);
            var parts = new PartETag[(bytes + size - 1) / size];
            var options = new ParallelOptions { MaxDegreeOfParallelism = PartsAtOnce, CancellationToken = limit.Token };
            await Parallel.ForAsync(0, parts.Length, options, async (part, token) =>
            {
                var request = new UploadPartRequest
                {
                    BucketName = bucket, Key = key, UploadId = upload, PartNumber = part + 1,
                    FilePath = path, FilePosition = part * size, PartSize = Math.Min(size, bytes - (part * size)),
                    UseChunkEncoding = false, DisablePayloadSigning = isSecure, StreamTransferProgress = (_, _) => limit.Progress(),
                };
                parts[part] = new PartETag(part + 1, (await client.UploadPartAsync(request, token).ConfigureAwait(false)).ETag);
            }).ConfigureAwait(false);
            var complete = new CompleteMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = upload, PartETags = [.. parts] };
            await client.CompleteMultipartUploadAsync(complete, limit.Token).ConfigureAwait(false);
        }
        catch
        {
            await AbortAsync(upload).ConfigureAwait(false);
            throw;
        }
    }

    private async Task AbortAsync(string upload)
    {
        try
        {
            using var limit = new CallLimit(TimeSpan.FromSeconds(1), 0, CancellationToken.None);
            var abort = new AbortMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = upload };
            await client.AbortMultipartUploadAsync(abort, limit.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (S3Objects.IsOutage(error))
        {
            // Then the bucket's own rule about parts that were never completed removes them.
        }
    }
}
