using System.Buffers;
using AdapterServe.AdapterStore.Blobs;

namespace AdapterServe.AdapterStore.Uploads.Resumable;

/// <summary>
/// One resumable upload: <c>uploads/&lt;id&gt;/</c> with its record and the bytes that came.
/// <b>Semantics</b>: what has been acknowledged is on the disk, and so is what the record says; after a crash both go on from there.
/// <b>Effects</b>: any thread; one caller at a time appends.
/// </summary>
internal sealed class UploadSession
{
    private const int BufferBytes = 128 * 1024;

    private readonly Lock _gate = new();
    private readonly string _folder;
    private int _isBusy;
    private UploadRecord _record;
    private long _offset;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private UploadSession(string folder, UploadRecord record)
    {
        (_folder, _record) = (folder, record);
        _offset = record.IsOver ? record.Wish.Bytes : File.Exists(ContentPath) ? new FileInfo(ContentPath).Length : 0;
    }

    public UploadRecord Record
    {
        get
        {
            lock (_gate)
            {
                return _record;
            }
        }
    }

    /// <summary>Ends with the next change of the state.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
            {
                return _changed.Task;
            }
        }
    }

    public string ContentPath => Path.Combine(_folder, "content");

    public UploadStatus Status
    {
        get
        {
            lock (_gate)
            {
                return new UploadStatus(_record.Id, _record.Wish.Name, _record.State, _offset, _record.Wish.Bytes, _record.CreatedAt, _record.ExpiresAt)
                {
                    Version = _record.Version, Digest = _record.Digest, Code = _record.Code, Reason = _record.Reason,
                };
            }
        }
    }

    public static UploadSession Begin(string folder, UploadRecord record)
    {
        FileSystem.CreateFolder(folder);
        record.Write(folder);
        FileSystem.FlushFolder(Path.GetDirectoryName(folder)!);
        return new UploadSession(folder, record);
    }

    /// <summary>Null where a crash left nothing that could go on.</summary>
    public static UploadSession? TryResume(string folder) =>
        UploadRecord.TryRead(folder) is { } record && record.Id == Path.GetFileName(folder) ? new UploadSession(folder, record) : null;

    /// <summary>
    /// Takes what comes behind the offset; returns whether that was the last of it. What came before a body broke off stays.
    /// <b>Errors</b>: Conflict <c>upload_busy</c>, <c>offset_mismatch</c>; TooLarge <c>upload_too_large</c> for more than was announced; StorageFull.
    /// </summary>
    public async Task<bool> AppendAsync(long offset, Stream body, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
        {
            throw Busy("send them again");
        }

        try
        {
            if (offset != _offset)
            {
                throw new AdapterStoreException(
                    AdapterErrorKind.Conflict, "offset_mismatch", $"The upload has {_offset} bytes, so the next ones begin there and not at {offset}.");
            }

            if (Record.State != UploadStates.Uploading)
            {
                return false;
            }

            await WriteAsync(body, cancellationToken).ConfigureAwait(false);
            if (_offset < Record.Wish.Bytes)
            {
                return false;
            }

            Change(record => record with { State = UploadStates.Verifying });
            return true;
        }
        catch (IOException error) when (StoreErrors.IsDiskFull(error))
        {
            throw StoreErrors.StorageFull(error);
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    /// <summary>The state is on disk before anybody sees it.</summary>
    public void Change(Func<UploadRecord, UploadRecord> change)
    {
        lock (_gate)
        {
            var changed = change(_record);
            changed.Write(_folder);
            _record = changed;
            if (changed.IsOver)
            {
                File.Delete(ContentPath);
            }

            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary><b>Errors</b>: Conflict <c>upload_busy</c> while bytes come.</summary>
    public void Remove()
    {
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
        {
            throw Busy("remove it");
        }

        FileSystem.RemoveFolder(_folder);
    }

    private static AdapterStoreException Busy(string cure) =>
        new(AdapterErrorKind.Conflict, "upload_busy", $"Another request is sending bytes of this upload; {cure} when that has ended.");

    private async Task WriteAsync(Stream body, CancellationToken cancellationToken)
    {
        var left = Record.Wish.Bytes - _offset;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var file = new FileStream(ContentPath, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        await using var _ = file.ConfigureAwait(false);
        var written = 0L;
        try
        {
            while (await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                if (written + read > left)
                {
                    throw StoreErrors.TooLarge("upload_too_large", $"The upload was announced with {Record.Wish.Bytes} bytes, and more came.");
                }

                await file.WriteAsync(buffer.AsMemory(0, read), CancellationToken.None).ConfigureAwait(false);
                written += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            file.Flush(flushToDisk: true);
            lock (_gate)
            {
                _offset += written;
            }
        }
    }
}
