using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using AdapterServe.AdapterStore.Archives;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Uploads.Resumable;

/// <summary>
/// Uploads in as many pieces as it takes: each an archive that is verified behind the client's back once all of it is there.
/// <b>Semantics</b>: an upload and its state outlive the server; after a day without an end, or after its end, it is forgotten. It is known to the
/// server only where it was begun.
/// <b>Effects</b>: any thread. <b>Errors</b> of all: NotFound <c>upload_not_found</c>.
/// </summary>
public sealed class ResumableUploads : IDisposable
{
    /// <summary>Of one owner, without an end.</summary>
    private const int MaxOpen = 16;

    /// <summary>Of one owner, with an end: the oldest go first.</summary>
    private const int MaxOver = 100;

    /// <summary>Headers of an archive beside the files themselves.</summary>
    private const long FramingBytes = 1 << 20;

    private static readonly TimeSpan Life = TimeSpan.FromDays(1);
    private static readonly TimeSpan Round = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, UploadSession> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, bool> _verifications = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _places;
    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly StoreCore _core;
    private readonly AdapterUploads _uploads;
    private readonly AdapterCatalog _catalog;
    private readonly TimeProvider _time;

    internal ResumableUploads(StoreCore core, AdapterUploads uploads, AdapterCatalog catalog, TimeProvider time)
    {
        (_core, _uploads, _catalog, _time) = (core, uploads, catalog, time);
        _places = new SemaphoreSlim(core.Options.MaxConcurrentVerifications);
        _folder = Path.Combine(core.Options.DataDirectory, "uploads");
        FileSystem.CreateFolder(_folder);
        Resume();
        _ = Task.Run(ExpireAsync);
    }

    /// <summary>The longest that an upload may be.</summary>
    public long MaxBytes => _core.Options.MaxUploadBytes + FramingBytes;

    /// <summary>
    /// Begins one. <b>Errors</b>: Malformed for a name, labels or an approximation that no adapter may have; TooLarge <c>upload_too_large</c>;
    /// Conflict <c>too_many_uploads</c>; StorageFull.
    /// </summary>
    /// <param name="caller">Whose adapter it becomes, and who uploads it on which condition.</param>
    /// <param name="owner">Who may go on with it.</param>
    /// <param name="wish">What it is to become.</param>
    public UploadStatus Begin(Caller caller, string owner, UploadWish wish)
    {
        AdapterNames.RequireTenant(caller.Tenant);
        AdapterNames.RequireAdapterName(wish.Name, _core.BaseModel.Id);
        _ = wish.Lower is null ? null : LowerOption.Parse(wish.Lower);
        AdapterSettings.RequireLabels(wish.Labels);
        if (wish.Bytes > MaxBytes)
        {
            throw StoreErrors.TooLarge("upload_too_large", $"An upload has at most {MaxBytes} bytes.");
        }

        lock (_gate)
        {
            RequireRoom(owner, wish.Bytes);
            var now = _time.GetUtcNow();
            var id = Guid.NewGuid().ToString("N");
            var record = new UploadRecord(id, owner, caller.Tenant, caller.Actor, caller.IfMatch, wish, now, now + Life, UploadStates.Uploading);
            var session = UploadSession.Begin(FolderOf(record.Id), record);
            _sessions[record.Id] = session;
            return session.Status;
        }
    }

    public UploadStatus Get(string owner, string id) => Find(owner, id).Status;

    /// <summary>Takes bytes. <b>Errors</b>: as <see cref="UploadSession.AppendAsync"/>; what came before a failure stays.</summary>
    public async Task<UploadStatus> AppendAsync(string owner, string id, long offset, Stream body, CancellationToken cancellationToken)
    {
        var session = Find(owner, id);
        if (await session.AppendAsync(offset, body, cancellationToken).ConfigureAwait(false))
        {
            Verify(session);
        }

        return session.Status;
    }

    /// <summary>Forgets one; what became of it stays. <b>Errors</b>: Conflict <c>upload_busy</c> while bytes come or it is being verified.</summary>
    public void Remove(string owner, string id)
    {
        var session = Find(owner, id);
        if (session.Record.State == UploadStates.Verifying)
        {
            throw new AdapterStoreException(AdapterErrorKind.Conflict, "upload_busy", "The upload is being verified; remove it when that has ended.");
        }

        session.Remove();
        _sessions.TryRemove(id, out _);
    }

    /// <summary>Its state now and after each change, up to the last one; null when nothing has happened for a while.</summary>
    public async IAsyncEnumerable<UploadStatus?> FollowAsync(
        string owner, string id, TimeSpan heartbeat, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var session = Find(owner, id);
        while (true)
        {
            var changed = session.Changed;
            var status = session.Status;
            yield return status;
            if (status.IsOver)
            {
                yield break;
            }

            while (await Task.WhenAny(changed, Task.Delay(heartbeat, _time, cancellationToken)).ConfigureAwait(false) != changed)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return null;
            }
        }
    }

    /// <summary>Forgets those whose time has come.</summary>
    internal void Expire()
    {
        var now = _time.GetUtcNow();
        foreach (var session in _sessions.Values.Where(session => session.Record.State != UploadStates.Verifying && session.Record.ExpiresAt <= now))
        {
            try
            {
                Remove(session.Record.Owner, session.Record.Id);
            }
            catch (Exception error) when (error is AdapterStoreException or IOException or UnauthorizedAccessException)
            {
                // Bytes are coming; the next round looks again.
            }
        }
    }

    /// <summary>Waits for what is being verified to give up: behind this the store is touched no more.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        Task.WhenAll(_verifications.Keys).GetAwaiter().GetResult();
    }

    private string FolderOf(string id) => Path.Combine(_folder, id);

    private UploadSession Find(string owner, string id) => _sessions.TryGetValue(id, out var session) && session.Record.Owner == owner
        ? session
        : throw new AdapterStoreException(
            AdapterErrorKind.NotFound,
            "upload_not_found",
            $"There is no upload '{AdapterNames.Shorten(id)}' here; uploads are known to the server where they were begun, for a day.");

    private void RequireRoom(string owner, long bytes)
    {
        var own = _sessions.Values.Select(session => session.Record).Where(record => record.Owner == owner).ToLookup(record => record.IsOver);
        if (own[false].Count() >= MaxOpen || own[false].Sum(record => record.Wish.Bytes) + bytes > MaxOpen * MaxBytes / 4)
        {
            throw new AdapterStoreException(
                AdapterErrorKind.Conflict,
                "too_many_uploads",
                $"A tenant has at most {MaxOpen} unfinished uploads, of {MaxOpen * MaxBytes / 4} bytes together; finish or delete one first.");
        }

        foreach (var old in own[true].OrderByDescending(record => record.CreatedAt).Skip(MaxOver))
        {
            Remove(owner, old.Id);
        }
    }

    private void Resume()
    {
        foreach (var folder in Directory.GetDirectories(_folder))
        {
            if (UploadSession.TryResume(folder) is not { } session)
            {
                FileSystem.RemoveFolder(folder);
                continue;
            }

            _sessions[session.Record.Id] = session;
            if (session.Record.State == UploadStates.Uploading && session.Status is var status && status.Offset >= status.Length)
            {
                session.Change(record => record with { State = UploadStates.Verifying });
            }

            if (session.Record.State == UploadStates.Verifying)
            {
                Verify(session);
            }
        }
    }

    private void Verify(UploadSession session)
    {
        var verification = Task.Run(() => VerifyAsync(session));
        _verifications[verification] = true;
        verification.ContinueWith(done => _verifications.TryRemove(done, out _), TaskScheduler.Default);
    }

    /// <summary>Until there is an answer: a registry or a bucket that is away is waited for.</summary>
    private async Task VerifyAsync(UploadSession session)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var made = (await TakeInAsync(session).ConfigureAwait(false)).Descriptor;
                session.Change(record => record with { State = UploadStates.Ready, Version = made.Version, Digest = made.Digest });
                return;
            }
            catch (AdapterStoreException away) when (away.Kind == AdapterErrorKind.Unavailable)
            {
                await Task.Delay(Retry, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (AdapterStoreException refusal) when (!_stop.IsCancellationRequested)
            {
                Refuse(session, refusal.Code, refusal.Message);
                return;
            }
            catch (Exception error) when (!_stop.IsCancellationRequested)
            {
                Refuse(session, "internal_error", $"The server failed on this upload ({error.GetType().Name}).");
                return;
            }
            catch (Exception)
            {
                // The server stops; the next one goes on.
                return;
            }
        }
    }

    private static void Refuse(UploadSession session, string code, string reason)
    {
        try
        {
            session.Change(record => record with { State = UploadStates.Refused, Code = code, Reason = reason });
        }
        catch (Exception error) when (error is AdapterStoreException or IOException or UnauthorizedAccessException)
        {
            // The disk can't take it; after a restart it is verified once more.
        }
    }

    private async Task<UploadResult> TakeInAsync(UploadSession session)
    {
        await _places.WaitAsync(_stop.Token).ConfigureAwait(false);
        try
        {
            var (record, wish) = (session.Record, session.Record.Wish);
            using var files = _uploads.Begin();
            files.Signature = wish.Signature;
            if (wish.Lower is { } lower)
            {
                files.AskFor(LowerOption.Parse(lower));
            }

            var content = File.OpenRead(session.ContentPath);
            await using var _ = content.ConfigureAwait(false);
            await files.AddArchiveAsync(FormatOf(content), content, _stop.Token).ConfigureAwait(false);
            var caller = new Caller(record.Tenant) { Actor = record.Actor };
            var result = await _uploads.PutAsync(caller, wish.Name, files, record.IfMatch, _stop.Token).ConfigureAwait(false);
            if (wish.Labels is not null)
            {
                await _catalog.UpdateAsync(caller, wish.Name, new AdapterSettings(wish.Labels, null, null), _stop.Token).ConfigureAwait(false);
            }

            return result;
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>By how it begins: a zip archive, or else a tar one, which sees for itself whether gzip is around it.</summary>
    private static ArchiveFormat FormatOf(FileStream content)
    {
        Span<byte> begin = stackalloc byte[2];
        var isZip = content.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) == begin.Length && begin.SequenceEqual("PK"u8);
        content.Position = 0;
        return isZip ? ArchiveFormat.Zip : ArchiveFormat.Tar;
    }

    private async Task ExpireAsync()
    {
        using var timer = new PeriodicTimer(Round, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                Expire();
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }
}
