using AdapterServe.AdapterStore;
using AdapterServe.Engine.Models;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Adapters whose low-rank factors are held in fewer bits than their files have, against the goldens, which know nothing of that.</summary>
[Trait("Suite", "Goldens")]
public sealed class HeldGoldenTests
{
    private static readonly string[] s_loras =
        ["pirate-lora", "polite-dora", "doubt-rslora", "doubt-mora", "pirate-hydra", "doubt-lokr", "polite-adalora", "pirate-showcase", "json-showcase", "markdown-showcase"];

    /// <summary>What a format may change, of what the adapters change: see <see cref="Tolerances.HeldInFewerBits"/>.</summary>
    public static TheoryData<AdapterWeightFormat> Formats => [AdapterWeightFormat.BF16, AdapterWeightFormat.Int8, AdapterWeightFormat.OneBit];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Adapters_alone_stay_within_the_error_of_the_format_and_together_they_are_the_same(AdapterWeightFormat format)
    {
        Assert.All(s_loras, name => Assert.Contains(name, DemoModel.AdapterNames));
        using var demo = new DemoModel(RepositoryFiles.DemoModel, new ImportOptions(), format);
        await using var engine = demo.Start(new EngineOptions { PrefixCache = false });
        var alone = new List<(string Name, int[] Tokens, double[] Scores)>();
        var (errors, effects) = (new List<double>(), new List<double>());
        foreach (var name in s_loras)
        {
            foreach (var golden in GoldenFile.Read(name).Cases.Take(3))
            {
                var (tokens, expected) = Scoring.TextOf(golden);
                var scores = await ScoreAsync(demo, engine, name, tokens);
                var without = await ScoreAsync(demo, engine, "base", tokens);
                alone.Add((name, tokens, scores));
                errors.AddRange(scores.Zip(expected, (own, other) => Math.Abs(own - other)));
                effects.AddRange(without.Zip(expected, (own, other) => Math.Abs(own - other)));
            }
        }

        Assert.InRange(errors.Average() / effects.Average(), 1e-6, Tolerances.HeldInFewerBits(format));
        var together = await Task.WhenAll(alone.Select(one => ScoreAsync(demo, engine, one.Name, one.Tokens)));
        foreach (var ((name, _, expected), actual) in alone.Zip(together))
        {
            Assert.All(expected.Zip(actual), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= Tolerances.GoldenLogProb, $"{name}: {pair.First} alone, {pair.Second} beside others"));
        }
    }

    [Fact]
    public async Task Kinds_without_low_rank_forms_reproduce_the_reference_whatever_the_format()
    {
        using var demo = new DemoModel(RepositoryFiles.DemoModel, new ImportOptions(), AdapterWeightFormat.OneBit);
        await using var engine = demo.Start(new EngineOptions());
        foreach (var name in new[] { "base", "brief-ia3", "yoda-shira", "doubt-oft", "pirate-hub-seq-bn", "doubt-prefix" })
        {
            foreach (var expected in GoldenFile.Read(name).Cases.Take(3))
            {
                await GoldenRun.CheckAsync(demo, engine, name, expected, scorePrompt: true);
            }
        }
    }

    private static async Task<double[]> ScoreAsync(DemoModel demo, EngineHost engine, string name, int[] tokens)
    {
        var scores = await Scoring.PromptAsync(engine, tokens, await demo.AcquireAsync(name));
        return [.. Enumerable.Range(1, tokens.Length - 1).Select(i => (double)scores[i])];
    }
}
