using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.Engine.Tokenization;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>The demo model's likelihood of documents that it never saw, with its weights held in each way.</summary>
[Trait("Suite", "Goldens")]
public sealed class PerplexityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(WeightFormat.F32, null, 1e-5)]
    [InlineData(WeightFormat.Int8, null, 1e-3)]
    [InlineData(WeightFormat.Int4, null, 1e-2)]
    [InlineData(WeightFormat.Int4, WeightFormat.F32, 1e-2)]
    [InlineData(WeightFormat.Int4, WeightFormat.Int4, 1e-2)]
    public async Task Perplexity_stays_within_the_bound_of_the_references(WeightFormat weights, WeightFormat? embedding, double bound)
    {
        var json = RepositoryFiles.Json(Path.Combine(GoldenFile.Folder, "goldens", "perplexity.json"));
        var options = new ImportOptions { Weights = weights, EmbeddingWeights = embedding };
        var model = await new ModelImporter().ImportAsync(RepositoryFiles.DemoModel, _folder.Path, options, cancellation: TestContext.Current.CancellationToken);
        using var environment = new OrtEnvironment();
        await using var engine = EngineHost.Start(environment, model, new EngineOptions { PrefixCache = false });
        var tokenizer = Tokenizer.Load(RepositoryFiles.DemoModel);
        var scores = await Task.WhenAll(json.GetProperty("documents").EnumerateArray().Select(text => ScoreAsync(engine, tokenizer.Encode(text.GetString()!, addSpecialTokens: true))));

        Assert.Equal(json.GetProperty("tokens").GetInt32(), scores.Sum(score => score.Tokens));
        var perplexity = Math.Exp(-scores.Sum(score => score.Sum) / scores.Sum(score => score.Tokens));
        Assert.InRange((perplexity / json.GetProperty("perplexity").GetDouble()) - 1, -bound, bound);
    }

    private static async Task<(double Sum, int Tokens)> ScoreAsync(EngineHost engine, int[] tokens)
    {
        var scores = await Scoring.PromptAsync(engine, tokens);
        return (Enumerable.Range(1, tokens.Length - 1).Sum(i => (double)scores[i]), tokens.Length - 1);
    }
}
