using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Adapters that keep something of each sequence, which the blocks of the prefix cache do not have.</summary>
[Trait("Suite", "Goldens")]
public sealed class AdapterStateTests(DemoModel demo) : IClassFixture<DemoModel>
{
    private const string Convolution = "french-causal-convolution";
    private const int NewTokens = 8;

    [Fact]
    public async Task An_adapter_with_a_state_computes_every_token_of_a_prompt_that_the_cache_knows()
    {
        using var engine = new SteppedEngine(demo, new EngineOptions { PrefillTokens = 7, BlockTokens = 4 });
        var prompt = GoldenFile.Read(Convolution).Cases.MaxBy(expected => expected.PromptIds.Length)!.PromptIds;
        var (first, again) = (await RunAsync(engine, Convolution, prompt), await RunAsync(engine, Convolution, prompt));
        Assert.Equal(0, again.CachedPromptTokens);
        Assert.Equal(LogProbs(first), LogProbs(again));

        await RunAsync(engine, "pirate-lora", prompt);
        Assert.NotEqual(0, (await RunAsync(engine, "pirate-lora", prompt)).CachedPromptTokens);
    }

    [Fact]
    public async Task Sequences_with_the_same_state_keeping_adapter_in_one_step_do_not_see_each_other()
    {
        var cases = GoldenFile.Read(Convolution).Cases;
        using var engine = new SteppedEngine(demo, new EngineOptions { PrefillTokens = 5 });
        var together = new List<Generation>();
        foreach (var expected in cases)
        {
            together.Add(engine.Submit(expected.PromptIds, expected.GreedyIds.Length, await demo.AcquireAsync(Convolution)));
        }

        engine.RunToEnd();
        foreach (var (generation, expected) in together.Zip(cases))
        {
            Assert.Equal(expected.GreedyIds, Enumerable.Range(0, generation.TokenCount).Select(generation.TokenAt));
            Assert.All(Enumerable.Range(0, expected.GreedyIds.Length), i => Assert.Equal(expected.GreedyLogprobs[i], generation.LogProbs![i], Tolerances.GoldenLogProb));
        }
    }

    private async Task<Generation> RunAsync(SteppedEngine engine, string adapter, int[] prompt)
    {
        var generation = engine.Submit(prompt, NewTokens, await demo.AcquireAsync(adapter));
        engine.RunToEnd();
        return generation;
    }

    private static int[] LogProbs(Generation generation) => [.. Enumerable.Range(0, NewTokens).Select(i => BitConverter.SingleToInt32Bits(generation.LogProbs![i]))];
}
