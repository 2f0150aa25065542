using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using AdapterServe.AdapterStore.Archives;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Blobs;

/// <summary>
/// The files of one upload, streamed to a folder of their own and hashed on the way.
/// <b>Effects</b>: <see cref="Dispose"/> removes whatever was not committed; one caller at a time.
/// <b>Errors</b>: a name that is a path, taken, or not allowed, an archive inside the upload (Malformed); too many files or bytes (TooLarge); a full disk (StorageFull).
/// </summary>
public sealed class StagedFiles : IDisposable
{
    private const int BufferBytes = 128 * 1024;

    private readonly AdapterStoreOptions _options;
    private readonly SortedDictionary<string, StagedFile> _files = new(StringComparer.Ordinal);
    private bool _moved;
    private bool _flushed;

    internal StagedFiles(string folder, AdapterStoreOptions options)
    {
        Folder = folder;
        _options = options;
        FileSystem.CreateFolder(folder);
    }

    public int Count => _files.Count;

    public long Bytes { get; private set; }

    /// <summary>Sorted by name, which makes the digest independent of the order of arrival.</summary>
    internal IReadOnlyCollection<StagedFile> Files => _files.Values;

    internal string Folder { get; }

    /// <summary>How the uploader asks to have the adapter approximated; null for exactly.</summary>
    public LowerOption? Lower { get; private set; }

    /// <summary>The uploader's Ed25519 signature over the content's digest, as text in base64; null for none. Beside the content: the same files are the same content with any.</summary>
    public string? Signature { get; set; }

    internal long MaxBytes => _options.MaxUploadBytes;

    /// <summary>Takes one file.</summary>
    public async Task AddAsync(string fileName, Stream content, CancellationToken cancellationToken)
    {
        AdapterNames.RequireFileName(fileName);
        if (_files.ContainsKey(fileName))
        {
            throw StoreErrors.Malformed("duplicate_file", $"The upload has two files named '{fileName}'.");
        }

        if (_files.Count == _options.MaxFiles)
        {
            throw StoreErrors.TooLarge("too_many_files", $"An adapter has at most {_options.MaxFiles} files.");
        }

        try
        {
            _files.Add(fileName, await WriteAsync(fileName, content, cancellationToken).ConfigureAwait(false));
        }
        catch (IOException error) when (StoreErrors.IsDiskFull(error))
        {
            throw StoreErrors.StorageFull(error);
        }
    }

    /// <summary>Makes the approximation a part of the content. It is written beside the files, under a name that no upload can have.</summary>
    public void AskFor(LowerOption lower)
    {
        try
        {
            File.WriteAllText(Path.Combine(Folder, BlobStore.LowerFile), lower.ToString());
            Lower = lower;
        }
        catch (IOException error) when (StoreErrors.IsDiskFull(error))
        {
            throw StoreErrors.StorageFull(error);
        }
    }

    /// <summary>Takes every file of a zip or tar body.</summary>
    public async Task AddArchiveAsync(ArchiveFormat format, Stream body, CancellationToken cancellationToken)
    {
        try
        {
            switch (format)
            {
                case ArchiveFormat.Zip:
                    await ZipExtractor.ExtractAsync(body, this, cancellationToken).ConfigureAwait(false);
                    break;
                case ArchiveFormat.Tar:
                    await TarExtractor.ExtractAsync(body, this, cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(format));
            }
        }
        catch (IOException error) when (StoreErrors.IsDiskFull(error))
        {
            throw StoreErrors.StorageFull(error);
        }
    }

    /// <summary>Makes what there is durable: the slow half of a commit, which may be done ahead, outside any lock.</summary>
    internal void Flush()
    {
        if (_flushed)
        {
            return;
        }

        foreach (var file in _files.Values)
        {
            FileSystem.FlushFile(Path.Combine(Folder, file.Name));
        }

        if (Lower is not null)
        {
            FileSystem.FlushFile(Path.Combine(Folder, BlobStore.LowerFile));
        }

        FileSystem.FlushFolder(Folder);
        _flushed = true;
    }

    public void Dispose()
    {
        if (!_moved)
        {
            _moved = true;
            FileSystem.RemoveFolder(Folder);
        }
    }

    internal AdapterFiles AsAdapterFiles() => new(Folder, [.. _files.Keys]) { Lower = Lower };

    /// <summary>See <see cref="ContentDigest"/>.</summary>
    internal string ComputeDigest() => ContentDigest.Of(_files.Values, Lower);

    /// <summary>Tells that the folder is a blob now, or was thrown away.</summary>
    internal void MarkMoved() => _moved = true;

    private async Task<StagedFile> WriteAsync(string fileName, Stream content, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var target = new FileStream(Path.Combine(Folder, fileName), FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.None);
            await using var _ = target.ConfigureAwait(false);
            long length = 0;
            while (true)
            {
                var read = await content.ReadAtLeastAsync(buffer.AsMemory(0, BufferBytes), BufferBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                if (length == 0)
                {
                    AdapterNames.RequireNoArchive(fileName, buffer.AsSpan(0, read));
                }

                Bytes += read;
                length += read;
                RequireRoom();
                hash.AppendData(buffer, 0, read);
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                if (read < BufferBytes)
                {
                    return new StagedFile(fileName, length, ImmutableArray.Create(hash.GetHashAndReset()));
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void RequireRoom()
    {
        if (Bytes > _options.MaxUploadBytes)
        {
            throw StoreErrors.TooLarge("upload_too_large", $"An adapter's files have at most {_options.MaxUploadBytes} bytes together.");
        }
    }
}
