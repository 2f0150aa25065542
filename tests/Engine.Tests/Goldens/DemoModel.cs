using System.Text.Json;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>The demo model, imported once, and a store for the adapters of the goldens.</summary>
public sealed class DemoModel : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("adapterserve-goldens-").FullName;
    private readonly AdapterStorage _storage;

    public DemoModel()
    {
        Environment = new OrtEnvironment();
        Model = new ModelImporter().ImportAsync(RepositoryFiles.DemoModel, Path.Combine(_folder, "models")).GetAwaiter().GetResult();
        _storage = AdapterStorage.Open(new AdapterStoreOptions { DataDirectory = _folder }, Model.Base);
    }

    /// <summary>The goldens of one adapter each that are served.</summary>
    public static string[] AdapterNames { get; } = [.. GoldenFile.Names.Where(name => Directory.Exists(FolderOf(GoldenFile.Read(name).Adapter))).Except(NotYetServed.Names)];

    public OrtEnvironment Environment { get; }

    public ImportedModel Model { get; }

    public EngineHost Start(EngineOptions options) => EngineHost.Start(Environment, Model, options);

    /// <summary>Pins a golden's adapter, uploading it on first use; null for the base.</summary>
    public async Task<AdapterLease?> AcquireAsync(string golden)
    {
        if (golden == "base")
        {
            return null;
        }

        var file = GoldenFile.Read(golden);
        var name = file.Adapter;
        if (!_storage.Catalog.List("default").Any(adapter => adapter.Name == name))
        {
            await UploadAsync(name);
        }

        return await _storage.Cache.AcquireAsync(_storage.Catalog.Resolve("default", file.Task.ValueKind == JsonValueKind.Undefined ? name : $"{name}#{file.Task}"), TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        _storage.Dispose();
        Environment.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task UploadAsync(string name)
    {
        using var files = _storage.Uploads.Begin();
        foreach (var path in Directory.GetFiles(FolderOf(name)))
        {
            await using var content = File.OpenRead(path);
            await files.AddAsync(Path.GetFileName(path), content, TestContext.Current.CancellationToken);
        }

        await _storage.Uploads.PutAsync("default", name, files, null, TestContext.Current.CancellationToken);
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
