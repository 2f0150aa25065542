using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Blobs;

/// <summary>What holds wherever servers keep their files.</summary>
public abstract class BlobStoreTests : BlobPlace
{
    [Fact]
    public async Task What_one_server_stores_another_loads_approximations_included()
    {
        using var here = Open();
        using var there = Open();
        var exact = await here.PutAsync("a", Files(1));
        var approximate = await here.PutAsync("b", Files(1), lower: "svd:rank=1");
        Assert.NotEqual(exact.Descriptor.Digest, approximate.Descriptor.Digest);
        await LoadsAsync(there, "a");
        await LoadsAsync(there, "b");
        using var files = there.OpenFiles(there.Catalog.Resolve("acme", "b"));
        Assert.Equal("svd:rank=1", files.Files.Lower!.ToString());
        Assert.Equal(Files(1)["adapter_model.safetensors"], await File.ReadAllBytesAsync(Path.Combine(files.Folder, "adapter_model.safetensors"), Cancellation));
    }

    [Fact]
    public async Task A_content_stays_until_nothing_names_it()
    {
        using var here = Open();
        using var there = Open();
        await here.PutAsync("a", Files(1));
        await there.PutAsync("b", Files(1));
        await here.Catalog.DeleteAsync("acme", "a", Cancellation);
        await LoadsAsync(here, "b");
        await LoadsAsync(there, "b");
        await there.Catalog.DeleteAsync("acme", "b", Cancellation);
        Assert.Empty(await StoredAsync());
    }

    [Fact]
    public async Task A_refused_upload_leaves_nothing()
    {
        using var here = Open();
        await here.RefusedAsync(SmallLora.Make(lora => lora.Config["peft_type"] = "NO_SUCH_KIND").Files());
        Assert.Empty(await StoredAsync());
    }

    [Fact]
    public async Task What_a_dead_server_stored_and_never_named_is_gone_after_a_start()
    {
        using (var here = Open())
        {
            await here.PutAsync("a", Files(1));
        }

        var store = Store(out var gone);
        using (gone)
        {
            using var files = store.Begin();
            using var content = new MemoryStream([1, 2, 3]);
            await files.AddAsync("notes.txt", content, Cancellation);
            await store.CommitAsync(files, files.ComputeDigest(), isSound: false, Cancellation);
            Assert.Equal(2, (await store.ListAsync(Cancellation)).Count);
        }

        using var after = Open();
        Assert.Single(await StoredAsync());
        await LoadsAsync(after, "a");
    }

    [Fact]
    public async Task Uploads_and_deletions_of_one_content_at_two_servers_end_with_every_name_served()
    {
        using var here = Open();
        using var there = Open();
        for (var round = 0; round < 12; round++)
        {
            await here.PutAsync("old", Files(1));
            await there.Catalog.TryCatchUpAsync(Cancellation);
            await Task.WhenAll(there.Catalog.DeleteAsync("acme", "old", Cancellation), here.PutAsync($"new{round}", Files(1)), there.PutAsync($"newer{round}", Files(1)));
            await LoadsAsync(here, $"newer{round}");
            await LoadsAsync(there, $"new{round}");
            await Task.WhenAll(here.Catalog.DeleteAsync("acme", $"new{round}", Cancellation), there.Catalog.DeleteAsync("acme", $"newer{round}", Cancellation));
        }

        // Who deletes need not know yet what the other one deleted at the same time.
        await here.Maintenance.RunOnceAsync(Cancellation);
        Assert.Empty(await StoredAsync());
    }

    private async Task<IReadOnlyCollection<string>> StoredAsync()
    {
        var store = Store(out var gone);
        using (gone)
        {
            return await store.ListAsync(Cancellation);
        }
    }

    /// <summary>The place as a server sees it that has nothing on its own disk.</summary>
    private IBlobStore Store(out IDisposable? owner)
    {
        var store = BlobAddress.Open(new AdapterStoreOptions { DataDirectory = NewServer().Data, Blobs = Address, S3 = S3 });
        owner = store as IDisposable;
        return store;
    }
}
