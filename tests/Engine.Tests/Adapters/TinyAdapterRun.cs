using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Adapters;

/// <summary>A tiny base in an engine, and one adapter in a store beside it.</summary>
internal sealed class TinyAdapterRun : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly OrtEnvironment _environment = new();
    private AdapterStorage? _storage;
    private ImportedModel? _model;
    private EngineHost? _engine;

    public EngineCounters Counters => _engine!.Counters;

    public AdapterDescriptor Adapter { get; private set; } = null!;

    public static async Task<TinyAdapterRun> StartAsync(MergedAdapter adapter)
    {
        var run = new TinyAdapterRun();
        try
        {
            await run.UploadAsync(adapter);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Another engine on the same base, which makes a step when it is told to.</summary>
    public SteppedEngine CreateStepped() => new(_environment, _model!, new EngineOptions { PrefillTokens = 64 }, blocks: 16);

    /// <summary>The adapter's weights, for the engine to dispose of.</summary>
    public async Task<AdapterLease> AcquireAsync() => await _storage!.Cache.AcquireAsync(_storage.Catalog.Resolve("default", "adapter"), TestContext.Current.CancellationToken);

    public Generation Submit(int[] prompt, AdapterLease? adapter, Func<GenerationRequest, GenerationRequest>? change = null)
    {
        var request = new GenerationRequest
        {
            Tenant = "default", PromptTokens = prompt, Adapter = adapter, MaxTokens = 1, Sampling = SamplingParameters.Greedy, LogProbs = 0, PromptLogProbs = 0,
        };
        return _engine!.Client.Submit(change is null ? request : change(request));
    }

    public async ValueTask DisposeAsync()
    {
        await (_engine?.DisposeAsync() ?? default);
        _storage?.Dispose();
        _environment.Dispose();
        _folder.Dispose();
    }

    private async Task UploadAsync(MergedAdapter adapter)
    {
        var cancellation = TestContext.Current.CancellationToken;
        adapter.Base.Write(_folder.In("tiny"));
        adapter.Write(_folder.In("adapter"));
        _model = await new ModelImporter().ImportAsync(_folder.In("tiny"), _folder.In("cache"), cancellation: cancellation);
        _storage = AdapterStorage.Open(new AdapterStoreOptions { DataDirectory = _folder.In("data") }, _model.Base);
        using var files = _storage.Uploads.Begin();
        foreach (var path in Directory.GetFiles(_folder.In("adapter")))
        {
            await using var content = File.OpenRead(path);
            await files.AddAsync(Path.GetFileName(path), content, cancellation);
        }

        Adapter = (await _storage.Uploads.PutAsync("default", "adapter", files, null, cancellation)).Descriptor;
        _engine = EngineHost.Start(_environment, _model, new EngineOptions { PrefillTokens = 4, KvBlocks = 8 });
    }
}
