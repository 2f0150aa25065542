using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Families;

/// <summary>Each family's model, with and without adapters, against what Hugging Face's code computed.</summary>
[Trait("Suite", "Goldens")]
public sealed class FamilyGoldenTests
{
    public static TheoryData<string> Names => [.. FamilyModel.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reference_is_reproduced_one_request_at_a_time(string family)
    {
        await using var model = await FamilyModel.OpenAsync(family);
        using var environment = new OrtEnvironment();
        await using var engine = EngineHost.Start(environment, model.Model, new EngineOptions());
        foreach (var golden in model.Goldens)
        {
            foreach (var expected in model.Cases(golden))
            {
                await CheckAsync(engine, model, golden, expected);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reference_is_reproduced_by_all_at_once_in_small_chunks_with_few_blocks(string family)
    {
        await using var model = await FamilyModel.OpenAsync(family);
        using var environment = new OrtEnvironment();
        var blocks = 3 * model.Goldens.SelectMany(model.Cases).Max(expected => (expected.PromptIds.Length + expected.GreedyIds.Length + 3) / 4);
        await using var engine = EngineHost.Start(environment, model.Model, new EngineOptions { PrefillTokens = 5, BlockTokens = 4, KvBlocks = blocks });

        await Task.WhenAll(model.Goldens.SelectMany(golden => model.Cases(golden).Select(expected => CheckAsync(engine, model, golden, expected))));

        Assert.Equal(0, engine.Counters.FailedSteps);
    }

    private static async Task CheckAsync(EngineHost engine, FamilyModel model, string golden, GoldenCase expected) =>
        await GoldenRun.CheckAsync(engine, golden, await model.AcquireAsync(golden), expected, scorePrompt: true, tolerance: Tolerances.FamilyLogProb);
}
