using System.Text;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Blobs.S3;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Tests.S3;
using Amazon.S3;
using Amazon.S3.Model;

namespace AdapterServe.AdapterStore.Tests.Blobs;

/// <summary>A bucket that fails, stalls and is damaged, behind a real S3 server.</summary>
public sealed class S3Tests(S3Server server) : BlobPlace
{
    private readonly S3Gate _gate = new(server);
    private readonly string _prefix = $"t{Guid.NewGuid():N}";

    static S3Tests()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", S3Server.Key);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", S3Server.Key);
    }

    protected override string Address => $"s3://adapters/{_prefix}/";

    protected override S3Settings S3 => Settings(_gate.Endpoint);

    /// <summary>With the server's credentials, and little patience.</summary>
    public static S3Settings Settings(Uri endpoint) => new() { Endpoint = endpoint, PathStyle = true, Timeout = TimeSpan.FromSeconds(2) };

    [Theory]
    [InlineData(GateMode.Failing)]
    [InlineData(GateMode.Stalling)]
    public async Task While_the_bucket_is_away_what_is_on_the_disk_serves_uploads_are_unavailable_and_then_both_servers_agree(GateMode mode)
    {
        using var here = Open();
        using var there = Open();
        await here.PutAsync("a", Files(1));
        await there.Catalog.TryCatchUpAsync(Cancellation);
        _gate.Set(mode);
        await LoadsAsync(here, "a");
        AssertAway(await Assert.ThrowsAsync<AdapterStoreException>(() => here.PutAsync("b", Files(2))));
        AssertAway(await Assert.ThrowsAsync<AdapterStoreException>(() => LoadsAsync(there, "a")));
        Assert.Equal(AdapterStates.Ready, there.Catalog.Get("acme", "a").State);
        _gate.Set(GateMode.Open);
        await LoadsAsync(there, "a");
        Assert.True((await here.PutAsync("b", Files(2))).Created);
        await LoadsAsync(there, "b");
        Assert.Equal(["a", "b"], there.Catalog.List("acme").Select(adapter => adapter.Name));
    }

    [Fact]
    public async Task A_server_starts_without_its_bucket_and_serves_what_is_on_its_disk()
    {
        var server = NewServer();
        using (var before = Open(server))
        {
            await before.PutAsync("a", Files(1));
        }

        _gate.Set(GateMode.Failing);
        using var after = Open(server);
        await LoadsAsync(after, "a");
    }

    [Fact]
    public void A_bucket_that_is_not_there_is_told_at_the_start()
    {
        var options = new AdapterStoreOptions { DataDirectory = NewServer().Data, Blobs = "s3://no-such-bucket/x", S3 = S3 };
        Assert.Equal("blobs_refused", Assert.Throws<AdapterStoreException>(() => AdapterStorage.Open(options, Bases.Small)).Code);
        var nameless = new AdapterStoreOptions { DataDirectory = NewServer().Data, Blobs = "s3:///x", S3 = S3 };
        Assert.Equal("blobs_address", Assert.Throws<AdapterStoreException>(() => AdapterStorage.Open(nameless, Bases.Small)).Code);
    }

    [Fact]
    public async Task A_large_file_goes_up_in_parts_and_comes_back_whole()
    {
        using var here = Open();
        using var there = Open();
        var large = new byte[(16 << 20) + 12345];
        new Random(1).NextBytes(large);
        await here.PutAsync("a", new Dictionary<string, byte[]>(Files(1)) { ["optimizer.bin"] = large });
        Assert.Equal(2, _gate.Requests.Count(line => line.Contains("optimizer.bin?partNumber=", StringComparison.Ordinal)));
        await LoadsAsync(there, "a");
        using var files = there.OpenFiles(there.Catalog.Resolve("acme", "a"));
        Assert.True((await File.ReadAllBytesAsync(Path.Combine(files.Folder, "optimizer.bin"), Cancellation)).AsSpan().SequenceEqual(large));
    }

    [Fact]
    public async Task Files_without_their_manifest_are_no_content()
    {
        using var here = Open();
        using var there = Open();
        await here.PutAsync("a", Files(1));
        using var client = Client();
        await client.DeleteObjectAsync("adapters", Assert.Single(await ObjectsAsync(), item => item.Key.EndsWith("/.manifest", StringComparison.Ordinal)).Key, Cancellation);
        Assert.Equal(AdapterErrorKind.NotFound, (await Assert.ThrowsAsync<AdapterStoreException>(() => LoadsAsync(there, "a"))).Kind);
    }

    [Fact]
    public async Task A_content_damaged_in_the_bucket_is_set_aside_until_it_is_uploaded_again()
    {
        using var here = Open();
        using var there = Open();
        await here.PutAsync("a", Files(1));
        var weights = Assert.Single(await ObjectsAsync(), item => item.Key.EndsWith("/adapter_model.safetensors", StringComparison.Ordinal));
        using (var client = Client())
        {
            var damaged = Files(1)["adapter_model.safetensors"];
            damaged[^1] ^= 1;
            using var body = new MemoryStream(damaged);
            await client.PutObjectAsync(new PutObjectRequest { BucketName = "adapters", Key = weights.Key, InputStream = body, UseChunkEncoding = false }, Cancellation);
        }

        Assert.Equal("unreadable_files", (await Assert.ThrowsAsync<AdapterStoreException>(() => LoadsAsync(there, "a"))).Code);
        while (there.Catalog.Get("acme", "a").State != AdapterStates.Quarantined)
        {
            await Task.Delay(5, Cancellation);
        }

        await here.PutAsync("a", Files(1));
        await LoadsAsync(there, "a");
        Assert.Equal(AdapterStates.Ready, there.Catalog.Get("acme", "a").State);
    }

    [Fact]
    public async Task A_file_damaged_on_the_disk_is_fetched_again()
    {
        var server = NewServer();
        using (var before = Open(server))
        {
            await before.PutAsync("a", Files(1));
        }

        var path = Assert.Single(Directory.GetFiles(server.Data, "adapter_model.safetensors", SearchOption.AllDirectories));
        await File.WriteAllTextAsync(path, "spoilt", Cancellation);
        using var after = Open(server);
        await LoadsAsync(after, "a");
        Assert.Equal(Files(1)["adapter_model.safetensors"], await File.ReadAllBytesAsync(path, Cancellation));
    }

    [Fact]
    public async Task The_disk_holds_what_was_used_last_and_what_is_in_use()
    {
        var server = NewServer();
        var bytes = Files(1).Values.Sum(content => (long)content.Length);
        using var storage = Open(server, blobCacheBytes: 2 * bytes + bytes / 2);
        foreach (var seed in new[] { 1, 2 })
        {
            await storage.PutAsync($"a{seed}", Files(seed));
        }

        using (storage.OpenFiles(storage.Catalog.Resolve("acme", "a1")))
        {
            await LoadsAsync(storage, "a2");
            await storage.PutAsync("a3", Files(3));
            Assert.Equal(["a1", "a3"], OnDisk(storage, server));
        }

        await LoadsAsync(storage, "a2");
        Assert.Equal(["a2", "a3"], OnDisk(storage, server));
        await LoadsAsync(storage, "a1");
        Assert.Equal(["a1", "a2"], OnDisk(storage, server));
    }

    [Fact]
    public async Task A_removal_that_arrives_late_does_not_hit_what_was_stored_meanwhile()
    {
        using var here = Open();
        using var there = Open();
        await here.PutAsync("a", Files(1));
        var seen = (await ObjectsAsync()).Select(item => item.Key[(_prefix.Length + 1)..]).ToList();
        await here.Catalog.DeleteAsync("acme", "a", Cancellation);
        await here.PutAsync("a", Files(1));
        using var bucket = new S3Objects(S3, "adapters", _prefix + "/");
        await bucket.DeleteAsync(seen, Cancellation);
        await LoadsAsync(there, "a");
    }

    [Fact]
    public async Task A_stranger_in_the_bucket_is_left_alone()
    {
        using (var client = Client())
        {
            using var body = new MemoryStream(Encoding.UTF8.GetBytes("not ours"));
            await client.PutObjectAsync(new PutObjectRequest { BucketName = "adapters", Key = _prefix + "/readme.txt", InputStream = body, UseChunkEncoding = false }, Cancellation);
        }

        using var storage = Open();
        await storage.PutAsync("a", Files(1));
        await storage.Catalog.DeleteAsync("acme", "a", Cancellation);
        Assert.Equal(_prefix + "/readme.txt", Assert.Single(await ObjectsAsync()).Key);
    }

    protected override void DisposeServers() => _gate.Dispose();

    private static void AssertAway(AdapterStoreException error) => Assert.Equal((AdapterErrorKind.Unavailable, "blobs_unavailable"), (error.Kind, error.Code));

    private static IEnumerable<string> OnDisk(AdapterStorage storage, TestFolder server) =>
        storage.Catalog.List("acme").Where(adapter => Directory.Exists(Path.Combine(server.Data, "blobs", adapter.Digest[7..9], adapter.Digest[7..]))).Select(adapter => adapter.Name);

    private AmazonS3Client Client() => new(S3Server.Key, S3Server.Key, new AmazonS3Config { ServiceURL = server.Endpoint.ToString(), ForcePathStyle = true, AuthenticationRegion = "us-east-1" });

    private async Task<List<S3Object>> ObjectsAsync()
    {
        using var client = Client();
        return (await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = "adapters", Prefix = _prefix }, Cancellation)).S3Objects ?? [];
    }
}
