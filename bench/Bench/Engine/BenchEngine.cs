using System.Diagnostics;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Bench.Engine;

/// <summary>A model, adapters for it in a store of their own, and a running engine.</summary>
internal sealed class BenchEngine : IAsyncDisposable
{
    private const string Tenant = "bench";
    private readonly string _data = Directory.CreateTempSubdirectory("adapterserve-bench-").FullName;
    private readonly OrtEnvironment _environment = new();
    private readonly AdapterStorage _storage;

    private BenchEngine(ImportedModel model, EngineOptions options, AdapterWeightFormat adapterWeights)
    {
        Model = model;
        var stored = new AdapterStoreOptions { DataDirectory = _data, CacheBytes = 8L << 30, AdapterWeights = adapterWeights };
        _storage = AdapterStorage.Open(stored, model.Base);
        Host = EngineHost.Start(_environment, model, options);
    }

    public ImportedModel Model { get; }

    public EngineHost Host { get; }

    public List<(AdapterVersion Version, long FileBytes, double Milliseconds)> Uploads { get; } = [];

    public IReadOnlyList<AdapterVersion> Adapters => Uploads.ConvertAll(upload => upload.Version);

    public static async Task<BenchEngine> StartAsync(EngineBenchmarkOptions options)
    {
        var import = new ImportOptions { Weights = options.Weights, IsFusable = options.IsFusable };
        var model = await new ModelImporter().ImportAsync(options.Model, options.Cache, import);
        var engine = new BenchEngine(model, new EngineOptions { Threads = options.Threads, PrefixCache = false }, options.AdapterWeights);
        foreach (var folder in Directory.GetDirectories(options.Adapters).Where(folder => IsOf(folder, options.Kinds)).Order(StringComparer.Ordinal))
        {
            await engine.UploadAsync(folder);
        }

        return engine;
    }

    public ValueTask<AdapterLease> AcquireAsync(AdapterVersion adapter) => _storage.Cache.AcquireAsync(adapter, CancellationToken.None);

    public void Unload(AdapterVersion adapter) => _storage.Cache.Unload(adapter.Digest);

    public async Task<GenerationRequest> RequestAsync(Random random, int promptTokens, int newTokens, AdapterVersion? adapter) => new()
    {
        Tenant = Tenant,
        PromptTokens = Enumerable.Range(0, promptTokens).Select(_ => random.Next(3, Model.Shape.VocabularySize)).ToArray(),
        MaxTokens = newTokens,
        Sampling = SamplingParameters.Greedy with { IgnoreEos = true },
        Adapter = adapter is null ? null : await AcquireAsync(adapter),
    };

    /// <summary><c>lora</c> of <c>lora-07</c>.</summary>
    public static string KindOf(string name) => name[..name.LastIndexOf('-')];

    public static async Task WaitAsync(Generation generation, int tokens)
    {
        while (generation.TokenCount < tokens)
        {
            if (generation.Finish is { } finish && generation.TokenCount < tokens)
            {
                throw new InvalidOperationException($"A request ended as {finish}.");
            }

            await generation.WaitForMoreAsync(generation.TokenCount);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _storage.Dispose();
        _environment.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    private static bool IsOf(string folder, string[] kinds) => kinds.Length == 0 || kinds.Contains(KindOf(Path.GetFileName(folder)));

    private async Task UploadAsync(string folder)
    {
        using var files = _storage.Uploads.Begin();
        foreach (var path in Directory.GetFiles(folder))
        {
            await using var content = File.OpenRead(path);
            await files.AddAsync(Path.GetFileName(path), content, CancellationToken.None);
        }

        var name = Path.GetFileName(folder);
        var started = Stopwatch.GetTimestamp();
        await _storage.Uploads.PutAsync(Tenant, name, files, null, CancellationToken.None);
        var milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        Console.Error.WriteLine($"{name}: uploaded in {milliseconds:F0} ms");
        Uploads.Add((_storage.Catalog.Resolve(Tenant, name), files.Bytes, milliseconds));
    }
}
