using System.IO.Compression;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Archives;

/// <summary>
/// Unpacks a tar body, plain or gzip-compressed, into an upload as it arrives. Reads the ustar, pax and GNU forms; the runtime's own reader allocates
/// as much for a name as a header claims, which an upload must not decide.
/// <b>Errors</b>: Malformed, one code for each way to be wrong; TooLarge for more than an upload may have.
/// </summary>
internal static class TarExtractor
{
    private const int BlockBytes = TarHeader.Bytes;
    private const int MaxExtendedBytes = 64 * 1024;

    /// <summary>Archivers pad to 10 KiB; some to more. Beyond this, zeros are only there to keep the server busy.</summary>
    private const int MaxPaddingBytes = 1 << 20;

    public static async Task ExtractAsync(Stream body, StagedFiles files, CancellationToken cancellationToken)
    {
        var head = new byte[2];
        var length = await body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var raw = new GzipTail(head.AsMemory(0, length), body, files.MaxBytes);
        await using var _ = raw.ConfigureAwait(false);
        if (head is not [0x1f, 0x8b])
        {
            await ReadEntriesAsync(new TarStream(raw), files, cancellationToken).ConfigureAwait(false);
            return;
        }

        var unpacked = new GZipStream(raw, CompressionMode.Decompress, leaveOpen: true);
        await using var __ = unpacked.ConfigureAwait(false);
        try
        {
            var tar = new TarStream(unpacked);
            await ReadEntriesAsync(tar, files, cancellationToken).ConfigureAwait(false);
            if ((uint)tar.Total != raw.DeclaredBytes)
            {
                throw StoreErrors.Malformed("gzip_damaged", "The gzip body is cut, or has bytes behind its end.");
            }
        }
        catch (InvalidDataException error)
        {
            throw StoreErrors.Malformed("gzip_damaged", "The gzip body is damaged.", error);
        }
    }

    private static async Task ReadEntriesAsync(TarStream tar, StagedFiles files, CancellationToken cancellationToken)
    {
        var extended = TarExtension.None;
        var block = new byte[BlockBytes];
        while (true)
        {
            await tar.ReadExactlyAsync(block, cancellationToken).ConfigureAwait(false);
            if (!block.AsSpan().ContainsAnyExcept((byte)0))
            {
                await RequireEndAsync(tar, block, cancellationToken).ConfigureAwait(false);
                return;
            }

            var header = TarHeader.Parse(block);
            if (header.IsExtension)
            {
                extended = extended.With(header, await ReadExtensionAsync(tar, header, cancellationToken).ConfigureAwait(false));
                continue;
            }

            await ExtractAsync(tar, header.Apply(extended), files, cancellationToken).ConfigureAwait(false);
            extended = TarExtension.None;
        }
    }

    private static async Task ExtractAsync(TarStream tar, TarHeader header, StagedFiles files, CancellationToken cancellationToken)
    {
        if (header.Name is "./" or "." && header.IsFolder)
        {
            return;
        }

        if (!header.IsFile)
        {
            throw header.IsFolder
                ? StoreErrors.Malformed("file_path", $"'{AdapterNames.Shorten(header.Name)}' in the tar archive is a folder; pack the adapter's files themselves.")
                : StoreErrors.Malformed("archive_link", $"'{AdapterNames.Shorten(header.Name)}' in the tar archive is no plain file.");
        }

        if (header.Size > files.MaxBytes - files.Bytes)
        {
            throw LimitedCopy.TooLarge(files.MaxBytes);
        }

        // "tar -C folder -c ." writes ./name, which is the bare name.
        var name = header.Name.StartsWith("./", StringComparison.Ordinal) ? header.Name[2..] : header.Name;
        var content = tar.Entry(header.Size);
        await using var _ = content.ConfigureAwait(false);
        await files.AddAsync(name, content, cancellationToken).ConfigureAwait(false);
        await tar.SkipPaddingAsync(header.Size, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<byte[]> ReadExtensionAsync(TarStream tar, TarHeader header, CancellationToken cancellationToken)
    {
        if (header.Size > MaxExtendedBytes)
        {
            throw StoreErrors.Malformed("tar_damaged", "The tar archive has an extended header that is too long.");
        }

        var content = new byte[header.Size];
        await tar.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
        await tar.SkipPaddingAsync(header.Size, cancellationToken).ConfigureAwait(false);
        return content;
    }

    /// <summary>Behind the first zero block: a second one, and nothing but zeros.</summary>
    private static async Task RequireEndAsync(TarStream tar, byte[] block, CancellationToken cancellationToken)
    {
        await tar.ReadExactlyAsync(block, cancellationToken).ConfigureAwait(false);
        var padding = 0;
        int read;
        do
        {
            if (block.AsSpan().ContainsAnyExcept((byte)0) || padding > MaxPaddingBytes)
            {
                throw StoreErrors.Malformed("tar_damaged", "The tar archive has bytes behind its end.");
            }

            read = await tar.ReadAsync(block, cancellationToken).ConfigureAwait(false);
            block.AsSpan(read).Clear();
            padding += read;
        }
        while (read > 0);
    }
}
