using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Composition;

/// <summary>The tiny model and a store that has <see cref="MadeAdapter.All"/>.</summary>
public sealed class TinyServer : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private AdapterStorage? _storage;

    internal OrtEnvironment Environment { get; } = new();

    internal ImportedModel Model { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        new TinyCheckpoint().Fill().Write(_folder.In("tiny"));
        Model = await new ModelImporter().ImportAsync(_folder.In("tiny"), _folder.In("models"));
        _storage = AdapterStorage.Open(new AdapterStoreOptions { DataDirectory = _folder.In("data") }, Model.Base);
        foreach (var adapter in MadeAdapter.All)
        {
            using var files = _storage.Uploads.Begin();
            foreach (var (name, content) in adapter.Files())
            {
                using var stream = new MemoryStream(content);
                await files.AddAsync(name, stream, CancellationToken.None);
            }

            await _storage.Uploads.PutAsync("default", adapter.Name, files, null, CancellationToken.None);
        }
    }

    /// <summary>The weights of a mixture, or null for the base.</summary>
    internal AdapterLease? Acquire(IReadOnlyList<(string Name, double Weight)> mixture) => mixture.Count == 0 ? null : _storage!.Compositions
        .AcquireAsync(new AdapterMixture([.. mixture.Select(part => new MixturePart(part.Name, _storage.Catalog.Resolve("default", part.Name), part.Weight))]), CancellationToken.None)
        .GetAwaiter().GetResult();

    public ValueTask DisposeAsync()
    {
        _storage?.Dispose();
        Environment.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
