using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.KvCache;

/// <summary>Keys and values held in bf16.</summary>
public sealed class HalfPrecisionTests : IDisposable
{
    private const string Prefix = "doubt-prefix";
    private readonly TemporaryFolder _folder = new();
    private readonly OrtEnvironment _environment = new();

    public void Dispose()
    {
        _environment.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_demo_model_says_the_same_to_the_rounding_in_half_the_memory()
    {
        var exact = await ImportAsync(KvFormat.F32);
        var half = await ImportAsync(KvFormat.BF16);
        Assert.Equal(exact.Shape.KvBytesPerToken, 2 * half.Shape.KvBytesPerToken);
        Assert.Equal(exact.Base.Fingerprint, half.Base.Fingerprint);
        await using var engine = EngineHost.Start(_environment, half, new EngineOptions { PrefillTokens = 16, BlockTokens = 8 });

        var differs = 0;
        using var storage = AdapterStorage.Open(new AdapterStoreOptions { DataDirectory = _folder.In("data") }, half.Base);
        await TestUploads.PutFolderAsync(storage, Prefix, Path.Combine(GoldenFile.Folder, "adapters", Prefix));
        var cases = GoldenFile.Read("base").Cases.Select(expected => (Name: "base", expected))
            .Concat(GoldenFile.Read(Prefix).Cases.Select(expected => (Name: Prefix, expected)));
        foreach (var (name, expected) in cases)
        {
            var adapter = name == "base" ? null : await storage.Cache.AcquireAsync(storage.Catalog.Resolve("default", name), TestContext.Current.CancellationToken);
            var scores = await ScoreAsync(engine, expected.PromptIds, adapter);
            for (var i = 1; i < scores.Length; i++)
            {
                Assert.True(
                    Math.Abs(scores[i] - expected.PromptLogprobs[i]!.Value) <= Tolerances.HalfPrecisionKeys,
                    $"{name}: prompt token {i} has {scores[i]}, expected {expected.PromptLogprobs[i]}");
                differs += Math.Abs(scores[i] - expected.PromptLogprobs[i]!.Value) > Tolerances.GoldenLogProb ? 1 : 0;
            }
        }

        Assert.NotEqual(0, differs);
        Assert.Equal(0, engine.Counters.FailedSteps);
    }

    private Task<ImportedModel> ImportAsync(KvFormat type) => new ModelImporter().ImportAsync(
        RepositoryFiles.DemoModel, _folder.In("cache"), new ImportOptions { KvFormat = type }, cancellation: TestContext.Current.CancellationToken);

    private static async Task<float[]> ScoreAsync(EngineHost engine, int[] prompt, AdapterLease? adapter)
    {
        var generation = engine.Client.Submit(new GenerationRequest
        {
            Tenant = "default", PromptTokens = prompt, Adapter = adapter, MaxTokens = 0, Sampling = SamplingParameters.Greedy, PromptLogProbs = 0,
        });
        await generation.EndAsync();

        return [.. Enumerable.Range(0, prompt.Length).Select(i => i == 0 ? 0 : generation.PromptLogProbs![i])];
    }
}
