using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>The demo model, imported once, and a store for the adapters of the goldens.</summary>
public class DemoModel : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("adapterserve-goldens-").FullName;

    public DemoModel()
        : this(RepositoryFiles.DemoModel, new ImportOptions())
    {
    }

    internal DemoModel(string model, ImportOptions options, AdapterWeightFormat adapterWeights = AdapterWeightFormat.File)
    {
        Environment = new OrtEnvironment();
        Model = new ModelImporter().ImportAsync(model, Path.Combine(_folder, "models"), options).GetAwaiter().GetResult();
        Storage = AdapterStorage.Open(new AdapterStoreOptions { DataDirectory = _folder, AdapterWeights = adapterWeights }, Model.Base);
    }

    /// <summary>The goldens of one adapter each that are served.</summary>
    public static string[] AdapterNames { get; } = [.. GoldenFile.Names.Where(name => Directory.Exists(FolderOf(GoldenFile.Read(name).Adapter))).Except(RefusedGoldens.Names)];

    public OrtEnvironment Environment { get; }

    public ImportedModel Model { get; }

    public AdapterStorage Storage { get; }

    public EngineHost Start(EngineOptions options) => EngineHost.Start(Environment, Model, options);

    /// <summary>Pins a golden's adapter, uploading it on first use; null for the base.</summary>
    public async Task<AdapterLease?> AcquireAsync(string golden)
    {
        if (golden == "base")
        {
            return null;
        }

        var file = GoldenFile.Read(golden);
        return await Storage.Cache.AcquireAsync(await ResolveAsync(file.Adapter, file.Task.ValueKind == JsonValueKind.Undefined ? null : $"#{file.Task}"), TestContext.Current.CancellationToken);
    }

    /// <summary>A version of an adapter of the goldens' folder, uploaded on first use.</summary>
    public async Task<AdapterVersion> ResolveAsync(string name, string? task = null)
    {
        if (!Storage.Catalog.List("default").Any(adapter => adapter.Name == name))
        {
            await UploadAsync(name);
        }

        return Storage.Catalog.Resolve("default", name + task);
    }

    /// <summary>Pins a golden's adapter with another configuration.</summary>
    public async Task<AdapterLease> AcquireChangedAsync(string adapter, Action<JsonObject> change)
    {
        await TestUploads.PutAsync(Storage, adapter + "-changed", Directory.GetFiles(FolderOf(adapter)).Select(path => (Path.GetFileName(path), Changed(path, change))));
        return await Storage.Cache.AcquireAsync(Storage.Catalog.Resolve("default", adapter + "-changed"), TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        Storage.Dispose();
        Environment.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task UploadAsync(string name)
    {
        var config = Path.Combine(FolderOf(name), "adapter_config.json");
        if (File.Exists(config) && JsonNode.Parse(await File.ReadAllTextAsync(config, TestContext.Current.CancellationToken))!["inventory"] is { } inventory)
        {
            await UploadAsync($"{inventory}");
        }

        await TestUploads.PutFolderAsync(Storage, name, FolderOf(name));
    }

    private static byte[] Changed(string path, Action<JsonObject> change)
    {
        var content = File.ReadAllBytes(path);
        if (Path.GetFileName(path) != "adapter_config.json")
        {
            return content;
        }

        var config = JsonNode.Parse(content)!.AsObject();
        change(config);
        return JsonSerializer.SerializeToUtf8Bytes(config);
    }

    /// <summary>The showcase adapters lie with the demo under their styles' names.</summary>
    private static string FolderOf(string name)
    {
        const string Showcase = "-showcase";
        return name.EndsWith(Showcase, StringComparison.Ordinal)
            ? Path.Combine(RepositoryFiles.Root, "models", "demo", "adapters", name[..^Showcase.Length])
            : Path.Combine(GoldenFile.Folder, "adapters", name);
    }
}
