using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests.Goldens;

[Trait("Suite", "Goldens")]
public sealed class MixedBatchTests(DemoModel demo) : IClassFixture<DemoModel>
{
    private const int NewTokens = 12;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public async Task Rows_without_an_adapter_have_the_bits_that_they_have_in_the_same_steps_without_adapters(int prefillTokens)
    {
        string[] mixed =
        [
            "pirate-showcase", "base", "robot-lora-pattern", "base", "yoda-lora-bf16", "polite-dora", "brief-ia3", "base", "yoda-shira", "polite-ln-tuning",
            "robot-tokens", "brief-lora-tokens", "french-lora-bias",
            "base", "doubt-prefix", "pirate-alora", "polite-adaption-prompt", "pirate-showcase", "robot-1bit-adaptformer", "french-causal-convolution", "doubt-oft",
            "base", "pirate-boft", "polite-road", "base", "pirate-hydra",
        ];
        var options = new EngineOptions { PrefillTokens = prefillTokens, PrefixCache = false };

        var besideAdapters = await LogProbsOfBaseRowsAsync(mixed, options);
        var besideBase = await LogProbsOfBaseRowsAsync([.. mixed.Select(_ => "base")], options, mixed);

        Assert.Equal(besideBase.Select(BitConverter.SingleToInt32Bits), besideAdapters.Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public async Task A_step_allocates_no_managed_memory()
    {
        using var engine = new SteppedEngine(demo, new EngineOptions());
        string[] mixed =
        [
            "base", "pirate-showcase", "robot-lora-pattern", "yoda-lora-bf16", "polite-dora", "brief-ia3", "yoda-shira", "polite-ln-tuning",
            "robot-tokens", "brief-lora-tokens", "french-lora-bias",
            "polite-prompt", "doubt-prefix", "pirate-alora", "polite-adaption-prompt", "pirate-1bit-lora", "french-causal-convolution",
            "doubt-oft", "pirate-boft", "polite-road", "pirate-hydra",
        ];
        var prompts = GoldenFile.Read("base").Cases;
        for (var i = 0; i < mixed.Length; i++)
        {
            engine.Submit(prompts[i % prompts.Length].PromptIds, 60, await demo.AcquireAsync(mixed[i]));
        }

        for (var warmUp = 0; warmUp < 20; warmUp++)
        {
            engine.Step();
        }

        // A lock that meets contention for the first time makes the event that it waits on, once; whatever a step itself allocates is in every window.
        var least = long.MaxValue;
        var steps = engine.Counters.Steps;
        for (var window = 0; window < 3; window++)
        {
            var before = engine.Counters.AllocatedBytes;
            for (var step = 0; step < 10; step++)
            {
                engine.Step();
            }

            least = Math.Min(least, engine.Counters.AllocatedBytes - before);
        }

        Assert.Equal(30, engine.Counters.Steps - steps);
        Assert.Equal(0, least);
        engine.RunToEnd();
    }

    /// <summary>All log-probabilities of the requests that stand where <paramref name="places"/> has the base.</summary>
    private async Task<List<float>> LogProbsOfBaseRowsAsync(string[] adapters, EngineOptions options, string[]? places = null)
    {
        using var engine = new SteppedEngine(demo, options);
        var prompts = GoldenFile.Read("base").Cases;
        var generations = new List<Generation>();
        for (var i = 0; i < adapters.Length; i++)
        {
            generations.Add(engine.Submit(prompts[i % prompts.Length].PromptIds, NewTokens, await demo.AcquireAsync(adapters[i])));
        }

        engine.RunToEnd();
        return
        [
            .. generations.Where((_, i) => (places ?? adapters)[i] == "base")
                .SelectMany(generation => Enumerable.Range(0, NewTokens).SelectMany(i => generation.LogProbs!.TopValues(i).ToArray())),
        ];
    }
}
