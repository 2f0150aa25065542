using AdapterServe.AdapterStore;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Puts adapters into a store as an upload would.</summary>
internal static class TestUploads
{
    public const string Tenant = "default";

    public static async Task PutAsync(AdapterStorage storage, string name, params IEnumerable<(string Name, byte[] Content)> files)
    {
        using var upload = storage.Uploads.Begin();
        foreach (var (file, content) in files)
        {
            using var stream = new MemoryStream(content);
            await upload.AddAsync(file, stream, TestContext.Current.CancellationToken);
        }

        await storage.Uploads.PutAsync(Tenant, name, upload, null, TestContext.Current.CancellationToken);
    }

    public static Task PutFolderAsync(AdapterStorage storage, string name, string folder) =>
        PutAsync(storage, name, Directory.GetFiles(folder).Select(path => (Path.GetFileName(path), File.ReadAllBytes(path))));
}
