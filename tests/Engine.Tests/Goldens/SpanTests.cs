using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Adapters that act on a part of the sequence, on the demo model.</summary>
[Trait("Suite", "Goldens")]
public sealed class SpanTests(DemoModel demo) : IClassFixture<DemoModel>
{
    private const string Activated = "pirate-alora";
    private static readonly int[] Invocation = [5, 204];

    private static GoldenCase Invoking => GoldenFile.Read(Activated).Cases[0];

    [Fact]
    public async Task An_activated_adapter_goes_on_from_the_keys_and_values_of_the_base()
    {
        await using var engine = demo.Start(new EngineOptions { BlockTokens = 8 });
        var inBase = await RunAsync(engine, Request(null));
        var activated = await RunAsync(engine, Request(await demo.AcquireAsync(Activated)));
        var afterwards = await RunAsync(engine, Request(null));

        // 27 prompt tokens of which the last two invoke: 24 in full blocks before them, 24 of 27 in full blocks at all.
        Assert.Equal((0, 24, 24), (inBase.CachedPromptTokens, activated.CachedPromptTokens, afterwards.CachedPromptTokens));
        AssertIs(Invoking, activated);
        AssertIs(GoldenFile.Read("base").Cases[0], afterwards);
    }

    [Fact]
    public async Task A_prompt_without_the_invocation_gets_the_base()
    {
        await using var engine = demo.Start(new EngineOptions());
        var expected = GoldenFile.Read("base").Cases[3];
        Assert.Equal(-1, expected.PromptIds.AsSpan().LastIndexOf(Invocation));
        await GoldenRun.CheckAsync(demo, engine, Activated, expected, scorePrompt: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public async Task A_plain_LoRA_that_takes_over_at_the_invocation_is_the_activated_one(int prefillTokens)
    {
        await using var engine = demo.Start(new EngineOptions { PrefillTokens = prefillTokens });
        var plain = await demo.AcquireChangedAsync(Activated, config => config.Remove("alora_invocation_tokens"));
        var from = Invoking.PromptIds.AsSpan().LastIndexOf(Invocation);
        var split = await RunAsync(engine, Request(null) with { LaterAdapters = [new LaterAdapter(from, plain)], PromptLogProbs = 0 });

        AssertIs(Invoking, split);
        for (var i = 1; i < Invoking.PromptIds.Length; i++)
        {
            Assert.InRange(split.PromptLogProbs![i] - Invoking.PromptLogprobs[i]!.Value, -Tolerances.GoldenLogProb, Tolerances.GoldenLogProb);
        }
    }

    [Fact]
    public async Task Before_its_takeover_an_adapter_changes_nothing()
    {
        await using var engine = demo.Start(new EngineOptions { PrefixCache = false });
        var first = Request(await demo.AcquireAsync("polite-lora")) with { PromptLogProbs = 0 };
        var whole = await RunAsync(engine, first);
        var split = await RunAsync(engine, first with { Adapter = await demo.AcquireAsync("polite-lora"), LaterAdapters = [new LaterAdapter(10, await demo.AcquireAsync("pirate-lora"))] });

        for (var i = 1; i < Invoking.PromptIds.Length; i++)
        {
            var difference = Math.Abs(whole.PromptLogProbs![i] - split.PromptLogProbs![i]);
            Assert.True(i <= 10 ? difference <= Tolerances.GoldenLogProb : difference > 0, $"token {i} differs by {difference}");
        }
    }

    private static GenerationRequest Request(AdapterLease? adapter) => new()
    {
        Tenant = "default", PromptTokens = Invoking.PromptIds, Adapter = adapter, MaxTokens = Invoking.GreedyIds.Length, LogProbs = 0,
    };

    private static async Task<Generation> RunAsync(EngineHost engine, GenerationRequest request)
    {
        var generation = engine.Client.Submit(request);
        return await generation.EndAsync();
    }

    private static void AssertIs(GoldenCase expected, Generation actual)
    {
        var count = Math.Min(expected.GreedyIds.Length, actual.TokenCount);
        Assert.Equal(expected.GreedyIds[..count], Enumerable.Range(0, count).Select(actual.TokenAt));
        for (var i = 0; i < count; i++)
        {
            Assert.InRange(actual.LogProbs![i] - expected.GreedyLogprobs[i], -Tolerances.GoldenLogProb, Tolerances.GoldenLogProb);
        }
    }
}
