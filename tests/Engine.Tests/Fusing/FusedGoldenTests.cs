using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Tests.Goldens;

namespace AdapterServe.Engine.Tests.Fusing;

[Trait("Suite", "Goldens")]
public sealed class FusedGoldenTests(FusableDemo demo) : IClassFixture<FusableDemo>
{
    /// <summary>Kinds of every form that a weight and a bias can hold, and of several at one linear.</summary>
    private static readonly string[] s_fused =
    [
        "pirate-lora", "polite-dora", "yoda-shira", "brief-ia3", "doubt-oft", "pirate-boft", "doubt-hra", "polite-road", "pirate-hydra",
        "french-lora-bias", "doubt-randlora", "pirate-showcase", "doubt-rslora", "doubt-vera", "robot-loha", "doubt-lokr", "french-bdlora", "pirate-hira",
    ];

    public static TheoryData<string> Names => [.. DemoModel.AdapterNames.Where(name => name != "base")];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_fused_adapter_gives_its_reference_and_leaves_no_bit_behind_and_any_other_is_refused(string name)
    {
        using var lease = await demo.AcquireAsync(name);
        var before = demo.Bits();
        if (!demo.CanHold(lease!.Weights))
        {
            var refusal = await Assert.ThrowsAsync<NotFusableException>(() => demo.FuseAsync(name));
            Assert.StartsWith("The adapter can't be fused into the base: ", refusal.Message, StringComparison.Ordinal);
            Assert.Null(demo.Engine.Fused.Target);
            Assert.DoesNotContain(name, s_fused);
            return;
        }

        var change = new FusedAdapter(lease.Weights, demo.Weights);
        change.Apply();
        Assert.NotEqual(before, demo.Bits());
        change.Restore();
        Assert.Equal(before, demo.Bits());

        await demo.FuseAsync(name);
        foreach (var expected in GoldenFile.Read(name).Cases)
        {
            await GoldenRun.CheckAsync(demo, demo.Engine, name, expected, scorePrompt: true);
        }

        await demo.UnfuseAsync();
    }

    [Fact]
    public async Task Answers_of_the_base_and_of_others_are_the_same_bit_for_bit_when_an_adapter_was_taken_out()
    {
        var expected = GoldenFile.Read("base").Cases[0];
        var adapters = new[] { "base", "pirate-lora", "yoda-shira" };
        var before = new List<int[]>();
        foreach (var adapter in adapters)
        {
            before.Add(await LogProbsAsync(adapter, expected));
        }

        foreach (var fused in new[] { "yoda-shira", "polite-dora", "doubt-oft" })
        {
            await demo.FuseAsync(fused);
            await LogProbsAsync(fused, expected);
        }

        await demo.UnfuseAsync();
        for (var i = 0; i < adapters.Length; i++)
        {
            Assert.Equal(before[i], await LogProbsAsync(adapters[i], expected));
        }
    }

    [Fact]
    public async Task The_base_on_weights_that_may_be_written_gives_its_reference()
    {
        foreach (var expected in GoldenFile.Read("base").Cases)
        {
            await GoldenRun.CheckAsync(demo, demo.Engine, "base", expected, scorePrompt: true);
        }
    }

    [Fact]
    public async Task While_an_adapter_is_fused_the_base_and_other_adapters_are_refused_by_its_name()
    {
        var expected = GoldenFile.Read("pirate-lora").Cases[0];
        await demo.FuseAsync("pirate-lora");
        foreach (var other in new[] { "base", "yoda-shira" })
        {
            var refusal = await Assert.ThrowsAsync<FusedConflictException>(
                () => GoldenRun.CheckAsync(demo, demo.Engine, other, expected, scorePrompt: false));
            Assert.Contains("'pirate-lora@1'", refusal.Message, StringComparison.Ordinal);
        }

        await GoldenRun.CheckAsync(demo, demo.Engine, "pirate-lora", expected, scorePrompt: true);
        await demo.UnfuseAsync();
    }

    [Fact]
    public async Task A_server_that_was_not_started_to_fuse_says_how()
    {
        using var plain = new DemoModel();
        await using var engine = plain.Start(new EngineOptions());
        var version = await plain.ResolveAsync("pirate-lora");
        var lease = await plain.AcquireAsync("pirate-lora");
        var refusal = await Assert.ThrowsAsync<NotFusableException>(() => engine.Fused.FuseAsync(version, lease!));
        Assert.Contains("--fusable", refusal.Message, StringComparison.Ordinal);
    }

    private async Task<int[]> LogProbsAsync(string adapter, GoldenCase expected)
    {
        var generation = demo.Engine.Client.Submit(new GenerationRequest
        {
            Tenant = "default",
            PromptTokens = expected.PromptIds,
            Adapter = await demo.AcquireAsync(adapter),
            MaxTokens = 8,
            LogProbs = 5,
        });
        while (generation.Finish is null)
        {
            await generation.WaitForMoreAsync(generation.TokenCount);
        }

        return [.. Enumerable.Range(0, generation.TokenCount).Select(i => BitConverter.SingleToInt32Bits(generation.LogProbs![i]))];
    }
}
