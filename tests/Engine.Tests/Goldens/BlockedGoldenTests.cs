using AdapterServe.Engine.Models;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Adapters on a base that is held in 8 bits: their own part is not rounded, and what is computed from the base's weights reads the rounded ones.</summary>
[Trait("Suite", "Goldens")]
public sealed class BlockedGoldenTests
{
    [Fact]
    public async Task Adapters_of_every_sort_act_as_on_f32_weights()
    {
        using var demo = new DemoModel(RepositoryFiles.DemoModel, new ImportOptions { Weights = WeightFormat.Int8 });
        await using var engine = demo.Start(new EngineOptions());
        string[] sorts = ["base", "pirate-lora", "polite-dora", "brief-ia3", "yoda-shira", "doubt-oft", "doubt-randlora", "pirate-hub-seq-bn", "json-showcase"];
        Assert.All(sorts.Skip(1), sort => Assert.Contains(sort, DemoModel.AdapterNames));
        foreach (var golden in sorts)
        {
            var (differences, effects) = (new List<double>(), new List<double>());
            foreach (var expected in GoldenFile.Read(golden).Cases)
            {
                var alone = await Scoring.PromptAsync(engine, expected.PromptIds);
                var scores = await Scoring.PromptAsync(engine, expected.PromptIds, await demo.AcquireAsync(golden));
                foreach (var i in Enumerable.Range(1, expected.PromptIds.Length - 1))
                {
                    differences.Add(Math.Abs(scores[i] - expected.PromptLogprobs[i]!.Value));
                    effects.Add(Math.Abs(alone[i] - expected.PromptLogprobs[i]!.Value));
                }
            }

            Assert.True(golden == "base" || effects.Average() > 10 * differences.Average(), $"{golden}: {differences.Average()} of an effect of {effects.Average()}");
            Assert.True(differences.Average() is > 0 and < Tolerances.DemoIn8Bits, $"{golden}: log-probabilities differ by {differences.Average()} in the mean");
        }
    }
}
