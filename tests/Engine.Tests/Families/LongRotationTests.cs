using System.Text.Json.Nodes;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Families;

/// <summary>A sequence that becomes long while it is generated.</summary>
public sealed class LongRotationTests : IDisposable
{
    private const int LongFrom = 9;
    private const double Tolerance = 1e-5;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_token_is_what_a_new_request_with_all_tokens_before_it_gets(bool prefixCache)
    {
        var checkpoint = new TinyCheckpoint().Fill();
        checkpoint.Config["eos_token_id"] = null;
        checkpoint.Config["rope_scaling"] = JsonNode.Parse(
            $$"""{"rope_type":"longrope","short_factor":[1,1.5,2],"long_factor":[3,1,9],"original_max_position_embeddings":{{LongFrom}}}""");
        checkpoint.Write(_folder.In("model"));
        var model = await new ModelImporter().ImportAsync(_folder.In("model"), _folder.In("cache"), cancellation: TestContext.Current.CancellationToken);
        using var environment = new OrtEnvironment();
        await using var engine = EngineHost.Start(environment, model, new EngineOptions { BlockTokens = 2, PrefillTokens = 3, PrefixCache = prefixCache });

        var others = Task.WhenAll(Enumerable.Range(0, 3).Select(i => GenerateAsync(engine, [i, 7, 5], 20)));
        var whole = await GenerateAsync(engine, [3, 1, 4], 20);
        await others;
        await using var reference = EngineHost.Start(environment, model, new EngineOptions { PrefixCache = false });
        for (var length = 3; length < 23; length++)
        {
            var next = await GenerateAsync(reference, [.. new[] { 3, 1, 4 }.Concat(whole.Select(token => token.Id)).Take(length)], 1);
            Assert.Equal(whole[length - 3].Id, next[0].Id);
            Assert.Equal(whole[length - 3].LogProb, next[0].LogProb, Tolerance);
        }

        Assert.Equal(0, engine.Counters.FailedSteps);
    }

    private static async Task<(int Id, float LogProb)[]> GenerateAsync(EngineHost engine, int[] prompt, int tokens)
    {
        var generation = engine.Client.Submit(new GenerationRequest
        {
            Tenant = "default", PromptTokens = prompt, MaxTokens = tokens, Sampling = SamplingParameters.Greedy, LogProbs = 0,
        });
        await generation.EndAsync();

        return [.. Enumerable.Range(0, tokens).Select(i => (generation.TokenAt(i), generation.LogProbs![i]))];
    }
}
