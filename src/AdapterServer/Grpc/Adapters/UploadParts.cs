using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore.Archives;
using AdapterServe.AdapterStore.Blobs;
using Grpc.Core;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc.Adapters;

/// <summary>
/// The messages of an upload, in order: a start, then files or an archive, each with its chunks. Nothing is held in memory but one chunk.
/// <b>Errors</b>: 400 for any other order; the store's own.
/// </summary>
internal sealed class UploadParts(IAsyncStreamReader<Wire.UploadRequest> messages)
{
    /// <summary>Null behind the last.</summary>
    public Wire.UploadRequest? Current { get; private set; }

    public async Task<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        Current = await messages.MoveNext(cancellationToken).ConfigureAwait(false) ? messages.Current : null;
        return Current is not null;
    }

    public async Task<Wire.UploadStart> ReadStartAsync(CancellationToken cancellationToken)
    {
        await MoveNextAsync(cancellationToken).ConfigureAwait(false);
        return Current?.Start ?? throw OutOfOrder("An upload begins with 'start'.");
    }

    /// <summary>Takes everything behind the start.</summary>
    public async Task StageAsync(StagedFiles files, CancellationToken cancellationToken)
    {
        await MoveNextAsync(cancellationToken).ConfigureAwait(false);
        while (Current is { } part)
        {
            await StageAsync(part, files, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task StageAsync(Wire.UploadRequest part, StagedFiles files, CancellationToken cancellationToken)
    {
        switch (part.PartCase)
        {
            case Wire.UploadRequest.PartOneofCase.File:
                await using (var content = new ChunkStream(this, part.File.HasBytes ? part.File.Bytes : null))
                {
                    await files.AddAsync(part.File.Name, content, cancellationToken).ConfigureAwait(false);
                }

                break;
            case Wire.UploadRequest.PartOneofCase.Archive:
                await using (var content = new ChunkStream(this, part.Archive.HasBytes ? part.Archive.Bytes : null))
                {
                    await files.AddArchiveAsync(FormatOf(part.Archive), content, cancellationToken).ConfigureAwait(false);
                    // An archive's reader may stop before the last chunk.
                    await content.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
                }

                break;
            default:
                throw OutOfOrder("Behind 'start' an upload has files, each with its chunks, or an archive with its.");
        }
    }

    private static ArchiveFormat FormatOf(Wire.ArchiveStart archive) => archive.Format switch
    {
        Wire.ArchiveStart.Types.Format.Zip => ArchiveFormat.Zip,
        Wire.ArchiveStart.Types.Format.Tar => ArchiveFormat.Tar,
        _ => throw ApiException.Invalid("format", "'format' must be ZIP or TAR."),
    };

    private static ApiException OutOfOrder(string message) => ApiException.Invalid("part", message);
}
