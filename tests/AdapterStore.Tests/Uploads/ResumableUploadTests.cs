using System.Collections.Immutable;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.AdapterStore.Uploads.Resumable;

namespace AdapterServe.AdapterStore.Tests.Uploads;

public sealed class ResumableUploadTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly byte[] _archive = ArchiveBytes.Zip(new SmallLora(1).Files());
    private AdapterStorage _storage;

    public ResumableUploadTests() => _storage = _folder.Open(time: _time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Pieces_before_and_after_a_restart_make_one_version()
    {
        var id = Begin(new UploadWish("a", _archive.Length) { Labels = ImmutableSortedDictionary<string, string>.Empty.Add("team", "blue"), Lower = "svd:rank=1" });
        Assert.Equal((UploadStates.Uploading, 100L), await AppendAsync(id, 0, 100));
        Reopen();
        Assert.Equal(100, _storage.Resumable.Get("acme", id).Offset);
        await AppendAsync(id, 100, _archive.Length);
        var states = await FollowAsync(id);
        Assert.Equal(UploadStates.Ready, states[^1].State);
        var adapter = _storage.Catalog.Get("acme", "a");
        Assert.Equal((1, adapter.Digest), (states[^1].Version, states[^1].Digest));
        Assert.Equal(("blue", "svd:rank=1"), (adapter.Labels["team"], adapter.Lower));
        Reopen();
        Assert.Equal(states[^1], _storage.Resumable.Get("acme", id));
        Assert.Single(Directory.GetFiles(Path.Combine(_folder.Data, "uploads", id)));
    }

    [Fact]
    public async Task What_a_crash_left_between_the_last_byte_and_the_verification_is_verified()
    {
        var id = Begin(new UploadWish("a", _archive.Length));
        _storage.Dispose();
        await File.WriteAllBytesAsync(Path.Combine(_folder.Data, "uploads", id, "content"), _archive, Cancellation);
        _storage = _folder.Open(time: _time);
        Assert.Equal(UploadStates.Ready, (await FollowAsync(id))[^1].State);
        Assert.Equal(1, _storage.Catalog.Get("acme", "a").Version);
    }

    [Fact]
    public async Task A_body_that_breaks_off_leaves_what_came()
    {
        var id = Begin(new UploadWish("a", _archive.Length));
        await Assert.ThrowsAsync<IOException>(() => _storage.Resumable.AppendAsync("acme", id, 0, new BrokenStream(_archive[..70]), Cancellation));
        Assert.Equal(70, _storage.Resumable.Get("acme", id).Offset);
        await AppendAsync(id, 70, _archive.Length);
        Assert.Equal(UploadStates.Ready, (await FollowAsync(id))[^1].State);
    }

    [Fact]
    public async Task A_refusal_has_the_reason_and_makes_no_version()
    {
        var archive = ArchiveBytes.Zip(SmallLora.Make(lora => lora.Config["peft_type"] = "NO_SUCH_KIND").Files());
        var id = Begin(new UploadWish("a", archive.Length));
        using var body = new MemoryStream(archive);
        await _storage.Resumable.AppendAsync("acme", id, 0, body, Cancellation);
        var last = (await FollowAsync(id))[^1];
        Assert.Equal((UploadStates.Refused, "unsupported_peft_type"), (last.State, last.Code));
        Assert.NotEmpty(last.Reason!);
        Assert.Empty(_storage.Catalog.List("acme"));
    }

    [Fact]
    public async Task Two_bodies_at_once_and_one_at_another_place_are_refused()
    {
        var id = Begin(new UploadWish("a", _archive.Length));
        var slow = new BrokenStream([1]) { Gate = new TaskCompletionSource() };
        var first = _storage.Resumable.AppendAsync("acme", id, 0, slow, Cancellation);
        Assert.Equal("upload_busy", (await RefusedAsync(() => AppendAsync(id, 0, 10))).Code);
        Assert.Equal("upload_busy", Assert.Throws<AdapterStoreException>(() => _storage.Resumable.Remove("acme", id)).Code);
        slow.Gate.SetResult();
        await Assert.ThrowsAsync<IOException>(() => first);
        Assert.Equal("offset_mismatch", (await RefusedAsync(() => AppendAsync(id, 0, 10))).Code);
    }

    [Fact]
    public void A_tenant_has_so_many_and_sees_none_of_another()
    {
        var id = Begin(new UploadWish("a", 10));
        Assert.Equal("upload_not_found", Assert.Throws<AdapterStoreException>(() => _storage.Resumable.Get("other", id)).Code);
        Assert.Equal("upload_too_large", Assert.Throws<AdapterStoreException>(() => Begin(new UploadWish("a", 1L << 40))).Code);
        for (var i = 1; i < 16; i++)
        {
            Begin(new UploadWish("a", 10));
        }

        Assert.Equal("too_many_uploads", Assert.Throws<AdapterStoreException>(() => Begin(new UploadWish("a", 10))).Code);
        _storage.Resumable.Begin("other", "other", new UploadWish("a", 10));
        _storage.Resumable.Remove("acme", id);
        Begin(new UploadWish("a", 10));
    }

    [Fact]
    public async Task After_a_day_it_is_forgotten()
    {
        var id = Begin(new UploadWish("a", _archive.Length));
        await AppendAsync(id, 0, 10);
        _time.Now += TimeSpan.FromHours(23);
        _storage.Resumable.Expire();
        Assert.Equal(10, _storage.Resumable.Get("acme", id).Offset);
        _time.Now += TimeSpan.FromHours(1);
        _storage.Resumable.Expire();
        Assert.Throws<AdapterStoreException>(() => _storage.Resumable.Get("acme", id));
        Assert.Empty(Directory.GetDirectories(Path.Combine(_folder.Data, "uploads")));
    }

    private static async Task<AdapterStoreException> RefusedAsync(Func<Task> action) => await Assert.ThrowsAsync<AdapterStoreException>(action);

    private void Reopen()
    {
        _storage.Dispose();
        _storage = _folder.Open(time: _time);
    }

    private string Begin(UploadWish wish) => _storage.Resumable.Begin("acme", "acme", wish).Id;

    private async Task<(string State, long Offset)> AppendAsync(string id, int from, int to)
    {
        using var body = new MemoryStream(_archive[from..to]);
        var status = await _storage.Resumable.AppendAsync("acme", id, from, body, Cancellation);
        return (status.State, status.Offset);
    }

    private async Task<List<UploadStatus>> FollowAsync(string id)
    {
        var states = new List<UploadStatus>();
        await foreach (var status in _storage.Resumable.FollowAsync("acme", id, TimeSpan.FromHours(1), Cancellation))
        {
            states.Add(status!);
        }

        return states;
    }

    /// <summary>Fails behind its bytes, when it may.</summary>
    private sealed class BrokenStream(byte[] bytes) : MemoryStream(bytes)
    {
        public TaskCompletionSource? Gate { get; init; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position < Length)
            {
                return Read(buffer.Span);
            }

            await (Gate?.Task ?? Task.CompletedTask).WaitAsync(cancellationToken);
            throw new IOException("The client left.");
        }
    }
}
