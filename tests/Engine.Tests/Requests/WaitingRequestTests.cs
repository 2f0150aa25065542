using AdapterServe.AdapterStore;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Requests;

/// <summary>Requests that wait for a place in the engine.</summary>
public sealed class WaitingRequestTests : IDisposable
{
    private const string Name = "pirate-lora";
    private readonly TemporaryFolder _folder = new();
    private readonly OrtEnvironment _environment = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _environment.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_request_that_waits_for_a_place_has_its_adapter_in_memory_already()
    {
        var model = await new ModelImporter().ImportAsync(RepositoryFiles.DemoModel, _folder.In("cache"), new ImportOptions(),
            cancellation: Cancellation);
        using var storage = AdapterStorage.Open(new AdapterStoreOptions { DataDirectory = _folder.In("data") }, model.Base);
        await TestUploads.PutFolderAsync(storage, Name, Path.Combine(GoldenFile.Folder, "adapters", Name));
        var version = storage.Catalog.Resolve("default", Name);
        storage.Cache.Unload(version.WeightsDigest);
        Assert.Equal(0, storage.Cache.Statistics.IdleBytes);

        await using var engine = EngineHost.Start(_environment, model, new EngineOptions { MaxSequences = 1 });
        var running = engine.Client.Submit(Request([1, 2, 3], 400, "first"));
        await running.WaitForMoreAsync(0);
        var waiting = engine.Client.Submit(Request([4, 5, 6], 1, "second") with { Adapter = await storage.Cache.AcquireAsync(version,
            Cancellation) });
        while (engine.Counters.Waiting == 0)
        {
            await running.WaitForMoreAsync(running.TokenCount);
        }

        Assert.Equal((0, 1, 1), (waiting.TokenCount, storage.Cache.Statistics.Loads, engine.Counters.Running));
        Assert.True(storage.Cache.Contains(version.WeightsDigest));
        running.Cancel();
        while (waiting.Finish is null)
        {
            await waiting.WaitForMoreAsync(waiting.TokenCount);
        }

        Assert.Equal((1, 1), (waiting.TokenCount, storage.Cache.Statistics.Loads));
    }

    private static GenerationRequest Request(int[] prompt, int tokens, string tenant) => new()
    {
        Tenant = tenant, PromptTokens = prompt, MaxTokens = tokens, Sampling = SamplingParameters.Greedy with { IgnoreEos = true },
    };
}
