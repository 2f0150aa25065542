using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Bench.Engine;

/// <summary>n clients send one request each at the same moment and wait for it.</summary>
internal static class EngineLoad
{
    public static async Task<EngineSample> RunAsync(BenchEngine engine, EngineBenchmarkOptions options, int clients, Func<int, AdapterVersion?> adapterOf, int seed)
    {
        var random = new Random(seed);
        var requests = new List<GenerationRequest>();
        for (var client = 0; client < clients; client++)
        {
            requests.Add(await engine.RequestAsync(random, options.PromptTokens, options.NewTokens, adapterOf(client)));
        }

        var meter = new EngineMeter(engine.Host);
        var generations = requests.ConvertAll(engine.Host.Client.Submit);
        await Task.WhenAll(generations.Select(generation => BenchEngine.WaitAsync(generation, 1)));
        meter.DecodeStarts(generations.Sum(generation => generation.TokenCount));
        await Task.WhenAll(generations.Select(generation => BenchEngine.WaitAsync(generation, options.NewTokens)));
        return meter.End(generations.Sum(generation => generation.TokenCount));
    }
}
