using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;

namespace AdapterServe.Engine.Tests.Families;

/// <summary>A model of one of the families' folders, imported, with its adapters uploaded.</summary>
internal sealed class FamilyModel : IAsyncDisposable
{
    private readonly TemporaryFolder _data;

    private FamilyModel(string folder, ImportedModel model, TemporaryFolder data)
    {
        (Folder, Model, _data) = (folder, model, data);
        Storage = AdapterStorage.Open(new AdapterStoreOptions { DataDirectory = data.Path }, model.Base);
    }

    /// <summary>Every family of the goldens' folder that has a model.</summary>
    public static IEnumerable<string> Names => Directory.GetDirectories(Path.Combine(GoldenFile.Folder, "families"))
        .Where(folder => Directory.Exists(Path.Combine(folder, "model"))).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal);

    public string Folder { get; }

    public ImportedModel Model { get; }

    public AdapterStorage Storage { get; }

    /// <summary>The goldens' names: adapters, and <c>base</c>.</summary>
    public IEnumerable<string> Goldens => Directory.GetFiles(Path.Combine(Folder, "goldens"), "*.json").Select(path => Path.GetFileNameWithoutExtension(path)!);

    /// <param name="family">The family's folder.</param>
    /// <param name="modelFolder">The model's; null: the family's own.</param>
    /// <param name="options">How it is imported.</param>
    public static async Task<FamilyModel> OpenAsync(string family, string? modelFolder = null, ImportOptions? options = null)
    {
        var folder = Path.Combine(GoldenFile.Folder, "families", family);
        var data = new TemporaryFolder();
        modelFolder ??= Path.Combine(folder, "model");
        var model = await new ModelImporter().ImportAsync(modelFolder, data.In("models"), options, cancellation: TestContext.Current.CancellationToken);
        var opened = new FamilyModel(folder, model, data);
        foreach (var adapter in Directory.GetDirectories(Path.Combine(folder, "adapters")))
        {
            await TestUploads.PutFolderAsync(opened.Storage, Path.GetFileName(adapter), adapter);
        }

        return opened;
    }

    public GoldenCase[] Cases(string golden) => GoldenFile.ReadPath(Path.Combine(Folder, "goldens", golden + ".json")).Cases;

    public async Task<AdapterLease?> AcquireAsync(string golden) =>
        golden == "base" ? null : await Storage.Cache.AcquireAsync(Storage.Catalog.Resolve("default", golden), TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        Storage.Dispose();
        _data.Dispose();
        return ValueTask.CompletedTask;
    }
}
