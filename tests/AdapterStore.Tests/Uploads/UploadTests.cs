using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Uploads;

public sealed class UploadTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly AdapterStorage _storage;

    public UploadTests() => _storage = _folder.Open();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("A")]
    [InlineData(".a")]
    [InlineData("-a")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("a@1")]
    [InlineData("a\n")]
    [InlineData("ä")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task A_name_outside_the_rules_is_malformed(string name)
    {
        var error = await _storage.RefusedAsync(new SmallLora().Files(), name);
        Assert.Equal((AdapterErrorKind.Malformed, "invalid_name"), (error.Kind, error.Code));
    }

    [Theory]
    [InlineData("base", "name_is_base")]
    [InlineData("auto", "name_reserved")]
    public async Task A_name_that_means_something_else_is_refused(string name, string code)
    {
        var error = await _storage.RefusedAsync(new SmallLora().Files(), name);
        Assert.Equal((AdapterErrorKind.Unservable, code), (error.Kind, error.Code));
    }

    [Theory]
    [InlineData("", "invalid_file_name")]
    [InlineData(".", "file_path")]
    [InlineData("..", "file_path")]
    [InlineData("../adapter_config.json", "file_path")]
    [InlineData("/etc/passwd", "file_path")]
    [InlineData("a\\b", "file_path")]
    [InlineData(".hidden", "invalid_file_name")]
    [InlineData("a b", "invalid_file_name")]
    [InlineData("a\0b", "invalid_file_name")]
    [InlineData("a:b", "invalid_file_name")]
    [InlineData("weights.TAR.GZ", "nested_archive")]
    public async Task A_file_name_outside_the_rules_is_malformed(string fileName, string code)
    {
        var files = new SmallLora().Files();
        files[fileName] = [1];
        var error = await _storage.RefusedAsync(files);
        Assert.Equal((AdapterErrorKind.Malformed, code), (error.Kind, error.Code));
        Assert.Empty(_folder.AdapterFiles());
    }

    [Fact]
    public async Task The_same_file_name_twice_is_malformed()
    {
        var error = await _storage.RefusedAsync([.. new SmallLora().Files(), new("adapter_config.json", [1])]);
        Assert.Equal((AdapterErrorKind.Malformed, "duplicate_file"), (error.Kind, error.Code));
    }

    [Fact]
    public async Task An_archive_in_disguise_is_malformed()
    {
        var files = new SmallLora().Files();
        files["notes.md"] = ArchiveBytes.Zip([new("x", [1])]);
        Assert.Equal("nested_archive", (await _storage.RefusedAsync(files)).Code);
    }

    [Fact]
    public async Task No_files_are_no_adapter()
    {
        var error = await _storage.RefusedAsync([]);
        Assert.Equal((AdapterErrorKind.Malformed, "no_files"), (error.Kind, error.Code));
    }

    [Fact]
    public async Task A_hundred_files_are_taken_and_one_more_is_too_many()
    {
        var files = new SmallLora().Files();
        for (var i = 0; i < 98; i++)
        {
            files[$"extra-{i}.txt"] = [];
        }

        Assert.True((await _storage.PutAsync("full", files)).Created);
        files["extra-98.txt"] = [];
        var error = await _storage.RefusedAsync(files);
        Assert.Equal((AdapterErrorKind.TooLarge, "too_many_files"), (error.Kind, error.Code));
    }

    [Fact]
    public async Task More_bytes_than_allowed_are_too_many_and_leave_nothing()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(maxUploadBytes: 4000);
        var files = new SmallLora().Files();
        files["big.txt"] = new byte[4000];
        var error = await storage.RefusedAsync(files);
        Assert.Equal((AdapterErrorKind.TooLarge, "upload_too_large"), (error.Kind, error.Code));
        Assert.Empty(folder.AdapterFiles());
    }

    [Fact]
    public async Task An_adapter_larger_than_the_cache_is_taken_in_and_used()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(cacheBytes: 1000);
        await storage.PutAsync("a", new SmallLora().Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "a"), TestContext.Current.CancellationToken);
        Assert.InRange(lease.Weights.Bytes, 1001, long.MaxValue);
    }

    [Fact]
    public async Task An_adapter_that_takes_more_memory_than_one_may_is_too_large()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        using var staged = storage.Uploads.Begin();
        foreach (var (name, content) in new SmallLora().Files())
        {
            using var stream = new MemoryStream(content);
            await staged.AddAsync(name, stream, TestContext.Current.CancellationToken);
        }

        var loader = new AdapterLoader(Bases.Small, maxBytes: 100);
        var error = Assert.Throws<AdapterStoreException>(() => loader.Load(staged.AsAdapterFiles(), "sha256:00"));
        Assert.Equal((AdapterErrorKind.TooLarge, "adapter_too_large"), (error.Kind, error.Code));
    }

    [Fact]
    public async Task What_was_just_uploaded_is_in_memory_already()
    {
        await _storage.PutAsync("a", new SmallLora().Files());
        var acquire = _storage.Cache.AcquireAsync(_storage.Catalog.Resolve("acme", "a"), Cancellation);
        Assert.True(acquire.IsCompletedSuccessfully);
        using var lease = await acquire;
        Assert.Equal((1, 0), (_storage.Cache.Statistics.Hits, _storage.Cache.Statistics.Loads));
    }

    [Fact]
    public async Task An_upload_that_is_given_up_leaves_nothing()
    {
        using (var staged = _storage.Uploads.Begin())
        {
            using var content = new MemoryStream(new byte[1000]);
            await staged.AddAsync("adapter_config.json", content, Cancellation);
            Assert.Single(_folder.AdapterFiles());
        }

        Assert.Empty(_folder.AdapterFiles());
    }

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
    }
}
