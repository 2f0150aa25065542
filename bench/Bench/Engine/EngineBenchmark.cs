using System.Diagnostics;
using System.Globalization;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Bench.Engine;

/// <summary>
/// Tokens a second of the whole engine, without HTTP: n clients send one request each at the same moment and wait for it. The three loads (no adapter, one adapter
/// for all, one each) take turns, so that the machine's drift meets all of them; ratios are of the same round.
/// </summary>
internal sealed class EngineBenchmark : IDisposable
{
    private readonly EngineBenchmarkOptions _options;
    private readonly string _data = Directory.CreateTempSubdirectory("adapterserve-bench-").FullName;
    private readonly OrtEnvironment _environment = new();
    private readonly ImportedModel _model;
    private readonly AdapterStorage _storage;

    private EngineBenchmark(EngineBenchmarkOptions options)
    {
        _options = options;
        _model = new ModelImporter().ImportAsync(options.Model, options.Cache).GetAwaiter().GetResult();
        _storage = AdapterStorage.Open(new AdapterStoreOptions { DataDirectory = _data, CacheBytes = 8L << 30 }, _model.Base);
    }

    public static int Run(string[] args)
    {
        if (EngineBenchmarkOptions.Parse(args) is not { } options)
        {
            Console.Error.WriteLine(EngineBenchmarkOptions.Usage);
            return 2;
        }

        using var benchmark = new EngineBenchmark(options);
        benchmark.RunAsync().GetAwaiter().GetResult();
        return 0;
    }

    public void Dispose()
    {
        _storage.Dispose();
        _environment.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    private async Task RunAsync()
    {
        var adapters = await UploadAllAsync();
        await using var engine = EngineHost.Start(_environment, _model, new EngineOptions { Threads = _options.Threads, PrefixCache = false });
        Console.WriteLine($"{_options.PromptTokens} prompt tokens, {_options.NewTokens} new, {_options.Threads} threads, {_options.Rounds} rounds, median");
        Console.WriteLine("clients  adapters  tok/s whole  of none  tok/s decode  of none  host overhead  bytes/step");
        foreach (var clients in _options.Clients)
        {
            await MeasureAsync(engine, adapters, clients);
        }
    }

    private async Task MeasureAsync(EngineHost engine, List<AdapterVersion> adapters, int clients)
    {
        var loads = new (string Name, Func<int, AdapterVersion?> Adapter)[] { ("none", _ => null), ("one", _ => adapters[0]), ("different", i => adapters[i % adapters.Count]) };
        var results = loads.Select(_ => new List<EngineSample>()).ToArray();
        for (var round = -1; round < _options.Rounds; round++)
        {
            for (var i = 0; i < loads.Length; i++)
            {
                var sample = await SampleAsync(engine, clients, loads[i].Adapter, round);
                if (round >= 0)
                {
                    results[i].Add(sample);
                }
            }
        }

        for (var i = 0; i < loads.Length; i++)
        {
            Print(clients, loads[i].Name, results[i], results[0]);
        }
    }

    private async Task<EngineSample> SampleAsync(EngineHost engine, int clients, Func<int, AdapterVersion?> adapterOf, int seed)
    {
        var random = new Random(seed);
        var requests = new List<GenerationRequest>();
        for (var client = 0; client < clients; client++)
        {
            var adapter = adapterOf(client);
            requests.Add(new GenerationRequest
            {
                Tenant = "bench",
                PromptTokens = Enumerable.Range(0, _options.PromptTokens).Select(_ => random.Next(3, _model.Shape.VocabularySize)).ToArray(),
                MaxTokens = _options.NewTokens,
                Sampling = SamplingParameters.Greedy with { IgnoreEos = true },
                Adapter = adapter is null ? null : await _storage.Cache.AcquireAsync(adapter, CancellationToken.None),
            });
        }

        var meter = new EngineMeter(engine);
        var generations = requests.ConvertAll(engine.Client.Submit);
        await Task.WhenAll(generations.Select(generation => WaitAsync(generation, 1)));
        meter.DecodeStarts(generations.Sum(generation => generation.TokenCount));
        await Task.WhenAll(generations.Select(generation => WaitAsync(generation, _options.NewTokens)));
        return meter.End(generations.Sum(generation => generation.TokenCount));
    }

    private static async Task WaitAsync(Generation generation, int tokens)
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

    private static void Print(int clients, string name, List<EngineSample> samples, List<EngineSample> none)
    {
        var whole = samples.Select(sample => sample.WholeRate).Median();
        var decode = samples.Select(sample => sample.DecodeRate).Median();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{clients,7}  {name,-9} {whole,11:F1}  {samples.Zip(none, (a, b) => a.WholeRate / b.WholeRate).Median(),7:F3}  {decode,12:F1}  {samples.Zip(none, (a, b) => a.DecodeRate / b.DecodeRate).Median(),7:F3}  {samples.Select(s => s.Overhead).Median(),13:P2}  {samples.Select(s => s.BytesPerStep).Median(),10:F0}"));
    }

    private async Task<List<AdapterVersion>> UploadAllAsync()
    {
        var versions = new List<AdapterVersion>();
        foreach (var folder in Directory.GetDirectories(_options.Adapters).Order(StringComparer.Ordinal))
        {
            using var files = _storage.Uploads.Begin();
            foreach (var path in Directory.GetFiles(folder))
            {
                await using var content = File.OpenRead(path);
                await files.AddAsync(Path.GetFileName(path), content, CancellationToken.None);
            }

            var name = Path.GetFileName(folder);
            var started = Stopwatch.GetTimestamp();
            await _storage.Uploads.PutAsync("bench", name, files, null, CancellationToken.None);
            Console.Error.WriteLine($"{name}: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms");
            versions.Add(_storage.Catalog.Resolve("bench", name));
        }

        return versions;
    }
}
