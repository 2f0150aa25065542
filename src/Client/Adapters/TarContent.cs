using System.Formats.Tar;
using System.Net;

namespace AdapterServe.Client.Adapters;

/// <summary>Files as a tar archive that is written while it is sent. <b>Effects</b>: reads each file once for each sending; holds none in memory.</summary>
internal sealed class TarContent : HttpContent
{
    private readonly IReadOnlyList<string> _files;
    private readonly IProgress<long>? _progress;

    public TarContent(IReadOnlyList<string> files, IProgress<long>? progress)
    {
        (_files, _progress) = (files, progress);
        Headers.ContentType = new("application/x-tar");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true);
        await using var _ = writer.ConfigureAwait(false);
        var sent = 0L;
        foreach (var path in _files)
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.SequentialScan | FileOptions.Asynchronous);
            await using var closing = file.ConfigureAwait(false);
            var before = sent;
            var content = new CountedStream(file, read => _progress?.Report(before + read));
            await using var counted = content.ConfigureAwait(false);
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, Path.GetFileName(path)) { DataStream = content }, cancellationToken).ConfigureAwait(false);
            sent += file.Length;
        }
    }

    /// <summary>Its length is not known beforehand, so it goes in chunks.</summary>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
