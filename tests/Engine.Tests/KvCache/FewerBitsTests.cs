using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.KvCache;

/// <summary>Keys and values held in bf16 and in 8 bits.</summary>
public sealed class FewerBitsTests : IDisposable
{
    private const int NewTokens = 24;
    private const string Prefix = "doubt-prefix";
    private readonly TemporaryFolder _folder = new();
    private readonly OrtEnvironment _environment = new();

    public void Dispose()
    {
        _environment.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(KvFormat.BF16, 2 * 32, Tolerances.HalfPrecisionKeys)]
    [InlineData(KvFormat.Int8, 32 + 4, Tolerances.Int8Keys)]
    public async Task The_demo_model_says_the_same_to_the_rounding_in_less_memory(KvFormat format, int headBytes, double tolerance)
    {
        var exact = await ImportAsync(KvFormat.F32);
        var rounded = await ImportAsync(format);
        Assert.Equal(exact.Shape.KvBytesPerToken * headBytes / (4 * 32), rounded.Shape.KvBytesPerToken);
        Assert.Equal(exact.Base.Fingerprint, rounded.Base.Fingerprint);
        await using var engine = EngineHost.Start(_environment, rounded, new EngineOptions { PrefillTokens = 16, BlockTokens = 8 });

        var differs = 0;
        using var storage = AdapterStorage.Open(new AdapterStoreOptions { DataDirectory = _folder.In("data") }, rounded.Base);
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
                    Math.Abs(scores[i] - expected.PromptLogprobs[i]!.Value) <= tolerance,
                    $"{name}: prompt token {i} has {scores[i]}, expected {expected.PromptLogprobs[i]}");
                differs += Math.Abs(scores[i] - expected.PromptLogprobs[i]!.Value) > Tolerances.GoldenLogProb ? 1 : 0;
            }
        }

        Assert.NotEqual(0, differs);
        Assert.Equal(0, engine.Counters.FailedSteps);
    }

    [Fact]
    public async Task In_int8_shared_blocks_and_preempted_sequences_say_what_an_undisturbed_one_says()
    {
        var model = await ImportAsync(KvFormat.Int8);
        int[][] prompts = [.. Enumerable.Range(0, 4).Select(i => GoldenFile.Read("base").Cases[i].PromptIds)];
        int[][] alone;
        await using (var roomy = EngineHost.Start(_environment, model, new EngineOptions { BlockTokens = 8, PrefixCache = false }))
        {
            alone = [.. await Task.WhenAll(prompts.Select(prompt => GenerateAsync(roomy, prompt)))];
        }

        var blocks = prompts.Max(prompt => ((prompt.Length + NewTokens) / 8) + 2) + 3;
        await using var tight = EngineHost.Start(_environment, model, new EngineOptions { BlockTokens = 8, PrefixCache = true, KvBlocks = blocks });
        for (var pass = 0; pass < 2; pass++)
        {
            Assert.Equal(alone, await Task.WhenAll(prompts.Select(prompt => GenerateAsync(tight, prompt))));
        }

        Assert.InRange(tight.Counters.Preemptions, 1, long.MaxValue);
        Assert.Equal(0, tight.Counters.FailedSteps);
    }

    private static async Task<int[]> GenerateAsync(EngineHost engine, int[] prompt)
    {
        var generation = engine.Client.Submit(new GenerationRequest
        {
            Tenant = "default", PromptTokens = prompt, MaxTokens = NewTokens, Sampling = SamplingParameters.Greedy with { IgnoreEos = true },
        });
        while (generation.Finish is null)
        {
            await generation.WaitForMoreAsync(generation.TokenCount);
        }

        return [.. Enumerable.Range(0, generation.TokenCount).Select(generation.TokenAt)];
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
