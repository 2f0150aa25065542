using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Registry;

/// <summary>What a server that died left behind, and what the next one makes of it.</summary>
public sealed class CrashTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public async Task Staged_files_and_blobs_without_a_version_are_gone_after_a_restart()
    {
        using (var storage = _folder.Open())
        {
            await storage.PutAsync("kept", new SmallLora(1).Files());
        }

        var kept = _folder.AdapterFiles();
        Plant("staging/0123", "adapter_config.json");
        Plant("staging", "0123.zip");
        Plant("blobs/ff/" + new string('f', 64), "adapter_config.json");
        using (var storage = _folder.Open())
        {
            Assert.Equal(kept, _folder.AdapterFiles());
            Assert.Equal("kept", Assert.Single(storage.Catalog.List("acme")).Name);
        }
    }

    [Fact]
    public async Task A_copy_taken_at_any_moment_of_uploads_opens_whole()
    {
        // A copy of the files, write-ahead log included, is what a killed server leaves.
        using var copies = new TestFolder();
        using (var storage = _folder.Open())
        {
            for (var i = 0; i < 6; i++)
            {
                await storage.PutAsync("a", new SmallLora(i).Files());
                using var half = storage.Uploads.Begin();
                using var content = new MemoryStream(new byte[100]);
                await half.AddAsync("adapter_model.safetensors", content, TestContext.Current.CancellationToken);
                Copy(_folder.Data, Path.Combine(copies.Path, $"{i}", "data"));
            }
        }

        for (var i = 0; i < 6; i++)
        {
            var options = new AdapterStoreOptions { DataDirectory = Path.Combine(copies.Path, $"{i}", "data") };
            using var storage = AdapterStorage.Open(options, Bases.Small);
            Assert.Equal(i + 1, storage.Catalog.Resolve("acme", "a").Number);
            Assert.Equal(2 * (i + 1), Directory.EnumerateFiles(Path.Combine(options.DataDirectory, "blobs"), "*", SearchOption.AllDirectories).Count());
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(options.DataDirectory, "staging")));
            using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "a"), TestContext.Current.CancellationToken);
            Assert.False((await storage.PutAsync("a", new SmallLora(i).Files())).Created);
        }
    }

    [Fact]
    public async Task A_blob_without_its_version_does_not_stop_the_same_content_from_coming_again()
    {
        using (var storage = _folder.Open())
        {
            await storage.PutAsync("a", new SmallLora(1).Files());
        }

        File.Delete(Path.Combine(_folder.Data, "registry.db"));
        using var fresh = _folder.Open();
        Assert.Empty(_folder.AdapterFiles());
        Assert.True((await fresh.PutAsync("a", new SmallLora(1).Files())).Created);
    }

    [Fact]
    public async Task A_version_whose_files_were_lost_is_not_found_and_comes_back_with_the_same_upload()
    {
        using (var storage = _folder.Open())
        {
            await storage.PutAsync("a", new SmallLora(1).Files());
        }

        Directory.Delete(Path.Combine(_folder.Data, "blobs"), recursive: true);
        using var damaged = _folder.Open();
        var version = damaged.Catalog.Resolve("acme", "a");
        var error = await Assert.ThrowsAsync<AdapterStoreException>(async () => await damaged.Cache.AcquireAsync(version, TestContext.Current.CancellationToken));
        Assert.Equal(AdapterErrorKind.NotFound, error.Kind);
        Assert.False((await damaged.PutAsync("a", new SmallLora(1).Files())).Created);
        damaged.Cache.Unload(version.Digest);
        using var lease = await damaged.Cache.AcquireAsync(version, TestContext.Current.CancellationToken);
        Assert.Equal(version.Digest, lease.Weights.Digest);
    }

    [Fact]
    public void A_second_server_on_the_same_folder_is_told_so()
    {
        using var first = _folder.Open();
        var error = Assert.Throws<AdapterStoreException>(() => _folder.Open());
        Assert.Equal((AdapterErrorKind.Conflict, "data_folder_in_use"), (error.Kind, error.Code));
    }

    [Fact]
    public void A_registry_that_is_no_database_is_refused_with_a_sentence()
    {
        Directory.CreateDirectory(_folder.Data);
        File.WriteAllBytes(Path.Combine(_folder.Data, "registry.db"), [.. Enumerable.Repeat((byte)'x', 5000)]);
        Assert.Equal("registry_unreadable", Assert.Throws<AdapterStoreException>(() => _folder.Open()).Code);
    }

    public void Dispose() => _folder.Dispose();

    private static void Copy(string from, string to)
    {
        foreach (var path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) != "lock"))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }
    }

    private void Plant(string folder, string file)
    {
        var path = Path.Combine(_folder.Data, folder);
        Directory.CreateDirectory(path);
        File.WriteAllBytes(Path.Combine(path, file), [1, 2, 3]);
    }
}
