using System.Buffers.Binary;
using System.IO.Compression;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Archives;

/// <summary>
/// Unpacks a zip body into an upload. The body is first written to disk, because a zip is read from its end.
/// <b>Errors</b>: Malformed, one code for each way to be wrong; TooLarge for what unpacks to more than an upload may have.
/// </summary>
internal static class ZipExtractor
{
    private const int EndRecordBytes = 22;
    private const int MaxCommentBytes = ushort.MaxValue;
    private const int MaxDirectoryBytes = 1 << 20;
    private const int FileTypeMask = 0xF000;
    private const int RegularFile = 0x8000;

    public static async Task ExtractAsync(Stream body, StagedFiles files, CancellationToken cancellationToken)
    {
        var spool = new FileStream(
            files.Folder + ".zip", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        await using var _ = spool.ConfigureAwait(false);
        await LimitedCopy.CopyAsync(body, spool, files.MaxBytes, cancellationToken).ConfigureAwait(false);
        RequireTidy(spool);
        try
        {
            spool.Position = 0;
            using var archive = new ZipArchive(spool, ZipArchiveMode.Read, leaveOpen: true);
            RequireNoOverlap(archive, spool.Length);
            foreach (var entry in archive.Entries)
            {
                await ExtractAsync(entry, files, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is InvalidDataException or NotSupportedException)
        {
            throw StoreErrors.Malformed("zip_damaged", "The zip archive is damaged.", error);
        }
    }

    private static async Task ExtractAsync(ZipArchiveEntry entry, StagedFiles files, CancellationToken cancellationToken)
    {
        AdapterNames.RequireFileName(entry.FullName);
        var type = (entry.ExternalAttributes >> 16) & FileTypeMask;
        if (type is not (0 or RegularFile))
        {
            throw StoreErrors.Malformed("archive_link", $"'{AdapterNames.Shorten(entry.FullName)}' in the zip archive is no plain file.");
        }

        if (entry.IsEncrypted)
        {
            throw StoreErrors.Malformed("zip_encrypted", "The zip archive is encrypted; send it without a password.");
        }

        if (entry.Length > files.MaxBytes - files.Bytes)
        {
            throw LimitedCopy.TooLarge(files.MaxBytes);
        }

        using var content = new CheckedStream(entry.Open(), entry.Length, entry.Crc32);
        await files.AddAsync(entry.FullName, content, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Entries that share bytes make a small archive unpack to any size.</summary>
    private static void RequireNoOverlap(ZipArchive archive, long bytes)
    {
        if (archive.Entries.Sum(entry => (decimal)entry.CompressedLength) > bytes)
        {
            throw StoreErrors.Malformed("zip_overlap", "The zip archive's entries overlap.");
        }
    }

    /// <summary>The end record must end the file and stand right behind a directory of sensible size, so that nothing is hidden and nothing huge is parsed.</summary>
    private static void RequireTidy(FileStream spool)
    {
        var tail = new byte[(int)Math.Min(spool.Length, EndRecordBytes + MaxCommentBytes)];
        spool.Position = spool.Length - tail.Length;
        spool.ReadExactly(tail);
        for (var at = tail.Length - EndRecordBytes; at >= 0; at--)
        {
            var record = tail.AsSpan(at);
            if (!record.StartsWith("PK\x05\x06"u8) || BinaryPrimitives.ReadUInt16LittleEndian(record[20..]) != record.Length - EndRecordBytes)
            {
                continue;
            }

            var size = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
            var offset = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);
            if (size > MaxDirectoryBytes || (long)size + offset != spool.Length - record.Length)
            {
                throw StoreErrors.Malformed("zip_directory", "The zip archive's directory is too large, in zip64 form, or not where its end record says.");
            }

            return;
        }

        throw StoreErrors.Malformed("zip_damaged", "The body is no complete zip archive, or has bytes behind its end.");
    }
}
