using AdapterServe.Engine.Guided;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tokenization;
using NJsonSchema;

namespace AdapterServe.Engine.Tests.Guided;

/// <summary>Guided answers of the demo model.</summary>
public sealed class GuidedGenerationTests(DemoModel demo) : IClassFixture<DemoModel>
{
    private static readonly Lazy<Tokenizer> s_tokenizer = new(() => Tokenizer.Load(RepositoryFiles.DemoModel));
    private static readonly Lazy<GuideVocabulary> s_vocabulary = new(() => GuideVocabulary.Of(s_tokenizer.Value));

    [Fact]
    public async Task Of_a_thousand_generated_schemas_at_temperature_1_no_answer_that_ended_is_invalid()
    {
        await using var host = demo.Start(new EngineOptions { KvBlocks = 2048, MaxSequences = 64 });
        var running = Enumerable.Range(0, 1000).Select(seed =>
        {
            var schema = new GeneratedSchema(seed + 5000).Make().ToJsonString();
            return (Schema: schema, Generation: Submit(host, GuideKind.JsonSchema, schema, SamplingParameters.Greedy with { Temperature = 1, Seed = (ulong)seed }, 120));
        }).ToArray();
        var ended = 0;
        foreach (var (schema, generation) in running)
        {
            var text = await TextAsync(generation);
            if (generation.Finish == FinishReason.Stop)
            {
                ended++;
                SchemaGuideTests.Check(await JsonSchema.FromJsonAsync(schema, TestContext.Current.CancellationToken), schema, text);
            }
            else
            {
                Assert.Equal((FinishReason.Length, 120), (generation.Finish, generation.TokenCount));
            }
        }

        Assert.True(ended > 500, $"{ended} ended.");
    }

    [Fact]
    public async Task An_answer_is_one_of_the_choices_whatever_the_settings_are()
    {
        await using var host = demo.Start(new EngineOptions { KvBlocks = 512 });
        var parameters = SamplingParameters.Greedy with { Temperature = 2, PresencePenalty = 2, RepetitionPenalty = 1.5f, MinTokens = 30, TopP = 0.9f, LogitBias = [new(5, 100), new(300, 100)] };
        for (ulong seed = 0; seed < 20; seed++)
        {
            var generation = Submit(host, GuideKind.Choice, """["mirror","mirrors","oyster é"]""", parameters with { Seed = seed }, 40);
            Assert.Contains(await TextAsync(generation), new[] { "mirror", "mirrors", "oyster é" });
            Assert.Equal(FinishReason.Stop, generation.Finish);
        }
    }

    [Fact]
    public async Task Guesses_change_no_guided_answer()
    {
        const string List = "(mirror, ){3}(mirror, |oyster, ){8}end";
        var texts = new List<string>();
        // One for both: what the first answers needed to know is known to the others, so that guesses needn't wait for it.
        var automaton = GuideCompiler.Compile(GuideKind.Regex, List, s_vocabulary.Value);
        foreach (var guesses in new[] { 0, 4 })
        {
            await using var host = demo.Start(new EngineOptions { KvBlocks = 512, SpeculativeTokens = guesses });
            for (ulong seed = 0; seed < 4; seed++)
            {
                texts.Add(await TextAsync(Submit(host, automaton, SamplingParameters.Greedy with { Temperature = seed, Seed = seed }, 80)));
            }

            Assert.True(guesses == 0 || host.Counters.HeldDrafts > 0);
        }

        Assert.Equal(texts[..4], texts[4..]);
        Assert.All(texts, text => Assert.Matches($"^{List}$", text));
    }

    [Fact]
    public async Task Log_probabilities_are_those_of_the_raw_logits()
    {
        await using var host = demo.Start(new EngineOptions { KvBlocks = 512 });
        var generation = await Submit(host, GuideKind.Regex, "zq{3}", SamplingParameters.Greedy, 10, logProbs: 5).EndAsync();
        // The model would not have said so: its own best token has another id and a better value.
        Assert.NotEqual(generation.TokenAt(0), generation.LogProbs!.TopIds(0)[0]);
        Assert.True(float.IsFinite(generation.LogProbs[0]) && generation.LogProbs[0] < generation.LogProbs.TopValues(0)[0]);
    }

    [Fact]
    public async Task A_guide_that_takes_too_long_ends_its_own_answer_only()
    {
        await using var host = demo.Start(new EngineOptions { KvBlocks = 512 });
        var other = Submit(host, GuideKind.Choice, """["oyster"]""", SamplingParameters.Greedy, 20);
        try
        {
            var hostile = await Submit(host, GuideKind.Regex, "a((.|b|c|.d){0,3000}){0,3}z", SamplingParameters.Greedy, 20).EndAsync();
            Assert.True(hostile.Finish is FinishReason.GuideFailed or FinishReason.Length or FinishReason.Stop);
        }
        catch (GuideException)
        {
            // Refused at once is as good.
        }

        Assert.Equal("oyster", await TextAsync(other));
    }

    [Fact]
    public void Ends_that_are_ignored_and_a_guide_are_refused()
    {
        var automaton = GuideCompiler.Compile(GuideKind.Regex, "a", s_vocabulary.Value);
        var request = new GenerationRequest { Tenant = "t", PromptTokens = [1], MaxTokens = 4, Sampling = SamplingParameters.Greedy with { IgnoreEos = true }, Guide = new OutputGuide(automaton, []) };
        using var engine = new SteppedEngine(demo, new EngineOptions());
        Assert.Throws<ArgumentException>(() => engine.Submit(request));
    }

    private static async Task<string> TextAsync(Generation generation)
    {
        await generation.EndAsync();
        return s_tokenizer.Value.Decode([.. Enumerable.Range(0, generation.TokenCount).Select(generation.TokenAt)], skipSpecialTokens: true);
    }

    private static Generation Submit(EngineHost host, GuideKind kind, string text, SamplingParameters sampling, int maxTokens, int? logProbs = null) =>
        Submit(host, GuideCompiler.Compile(kind, text, s_vocabulary.Value), sampling, maxTokens, logProbs);

    private static Generation Submit(EngineHost host, GuideAutomaton automaton, SamplingParameters sampling, int maxTokens, int? logProbs = null) => host.Client.Submit(new GenerationRequest
    {
        Tenant = "default",
        PromptTokens = s_tokenizer.Value.Encode("<|user|>\nWrite some JSON.<|end|>\n<|assistant|>\n", addSpecialTokens: true),
        MaxTokens = maxTokens,
        Sampling = sampling,
        LogProbs = logProbs,
        Guide = new OutputGuide(automaton, []),
    });
}
