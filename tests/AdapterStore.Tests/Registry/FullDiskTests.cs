using System.Diagnostics;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Registry;

/// <summary>A data folder on a file system of one megabyte, mounted for the test: needs the right to mount.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public FullDiskTests()
    {
        Directory.CreateDirectory(_folder.Data);
        Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", _folder.Data);
    }

    [Fact]
    public async Task An_upload_that_fills_the_disk_is_refused_leaves_nothing_and_disturbs_nothing()
    {
        using var storage = _folder.Open();
        await storage.PutAsync("before", new SmallLora(1).Files());
        var kept = _folder.AdapterFiles();
        var big = new SmallLora(2).Files();
        big["notes.md"] = new byte[2 << 20];

        var error = await storage.RefusedAsync(big);
        Assert.Equal((AdapterErrorKind.StorageFull, "storage_full"), (error.Kind, error.Code));
        Assert.Equal(kept, _folder.AdapterFiles());
        Assert.Equal("before", Assert.Single(storage.Catalog.List("acme")).Name);
        storage.Cache.Unload(storage.Catalog.Resolve("acme", "before").Digest);
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "before"), TestContext.Current.CancellationToken);
        Assert.True((await storage.PutAsync("after", new SmallLora(3).Files())).Created);
    }

    [Fact]
    public async Task An_archive_that_fills_the_disk_is_refused_the_same_way()
    {
        using var storage = _folder.Open();
        using (var staged = storage.Uploads.Begin())
        {
            var noise = new byte[2 << 20];
            new Random(1).NextBytes(noise);
            using var body = new MemoryStream(ArchiveBytes.Zip([new("noise.txt", noise)]));
            var error = await Assert.ThrowsAsync<AdapterStoreException>(
                () => staged.AddArchiveAsync(AdapterStore.Archives.ArchiveFormat.Zip, body, TestContext.Current.CancellationToken));
            Assert.Equal(AdapterErrorKind.StorageFull, error.Kind);
        }

        Assert.Empty(_folder.AdapterFiles());
    }

    [Fact]
    public async Task Whatever_byte_the_disk_fills_up_at_the_store_is_whole_and_takes_the_upload_once_there_is_room()
    {
        using var storage = _folder.Open();
        await storage.PutAsync("before", new SmallLora(1).Files());
        var filler = Path.Combine(_folder.Data, "filler");
        var refusals = 0;
        for (var free = 0; free <= 96 * 1024; free += 4096)
        {
            Fill(filler, free);
            try
            {
                await storage.PutAsync($"upload-{free}", new SmallLora(free + 2).Files());
            }
            catch (AdapterStoreException error)
            {
                refusals++;
                Assert.Equal(AdapterErrorKind.StorageFull, error.Kind);
                Assert.Equal(2 * Digests(storage), _folder.AdapterFiles().Count);
                File.Delete(filler);
                Assert.True((await storage.PutAsync($"upload-{free}", new SmallLora(free + 2).Files())).Created);
            }

            File.Delete(filler);
        }

        Assert.InRange(refusals, 1, 24);
        Assert.Equal(26, storage.Catalog.List("acme").Count);
    }

    public void Dispose()
    {
        Run("umount", _folder.Data);
        _folder.Dispose();
    }

    private static int Digests(AdapterStorage storage) => storage.Catalog.List("acme").Select(adapter => adapter.Digest).Distinct().Count();

    /// <summary>Fills the disk but for so many bytes.</summary>
    private void Fill(string path, int free)
    {
        var room = new DriveInfo(_folder.Data).AvailableFreeSpace;
        using var file = File.Create(path);
        file.Write(new byte[Math.Max(0, room - free)]);
    }

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{command} failed, which this test cannot do without: {error}");
    }
}
