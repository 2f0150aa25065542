using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Uploads;

namespace AdapterServe.AdapterStore.Tests.Support;

internal static class StorageExtensions
{
    public static AdapterStorage Open(
        this TestFolder folder, BaseModel? baseModel = null, long cacheBytes = 1 << 24, long maxUploadBytes = 1 << 24, TimeSpan retention = default,
        TimeProvider? time = null, AdapterWeightFormat format = AdapterWeightFormat.File) =>
        AdapterStorage.Open(
            new AdapterStoreOptions
            {
                DataDirectory = folder.Data, CacheBytes = cacheBytes, MaxUploadBytes = maxUploadBytes, Registry = folder.Registry, DeletedRetention = retention,
                AdapterWeights = format,
            },
            baseModel ?? Bases.Small,
            time);

    public static async Task<UploadResult> PutAsync(
        this AdapterStorage storage, string name, IEnumerable<KeyValuePair<string, byte[]>> files, string? ifMatch = null, string tenant = "acme", string? lower = null)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var staged = storage.Uploads.Begin();
        if (lower is not null)
        {
            staged.AskFor(LowerOption.Parse(lower));
        }

        foreach (var (fileName, content) in files)
        {
            using var stream = new MemoryStream(content);
            await staged.AddAsync(fileName, stream, cancellation);
        }

        return await storage.Uploads.PutAsync(tenant, name, staged, ifMatch, cancellation);
    }

    public static async Task<AdapterStoreException> RefusedAsync(this AdapterStorage storage, IEnumerable<KeyValuePair<string, byte[]>> files, string name = "wrong") =>
        await Assert.ThrowsAsync<AdapterStoreException>(() => storage.PutAsync(name, files));
}
