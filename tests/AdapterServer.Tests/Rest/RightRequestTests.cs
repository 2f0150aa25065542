using System.Text;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Completions;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine.Models;

namespace AdapterServe.AdapterServer.Tests.Rest;

public sealed class RightRequestTests
{
    private static readonly ModelFacts Facts = new(1024, 1024, GenerationDefaults.None);

    [Fact]
    public void Defaults_are_OpenAIs()
    {
        var request = Completion("""{"model":"demo","prompt":"a"}""");
        var sampling = request.Settings.Sampling;
        Assert.Equal((1f, 1f, 0, 0f, 0f, 0f, 1f), (sampling.Temperature, sampling.TopP, sampling.TopK, sampling.MinP, sampling.PresencePenalty, sampling.FrequencyPenalty, sampling.RepetitionPenalty));
        Assert.Null(request.Settings.MaxTokens);
        Assert.Equal((1, null, null), (request.Settings.N, request.Settings.LogProbs, request.Settings.PromptLogProbs));
        Assert.True(request.AddSpecialTokens && request.Settings.SkipSpecialTokens);
        Assert.False(request.Echo || request.Settings.Stream || request.Settings.ReturnTokenIds || sampling.IgnoreEos);
    }

    [Fact]
    public void The_models_own_defaults_hold_where_a_request_says_nothing_and_only_there()
    {
        var facts = Facts with { Defaults = new GenerationDefaults { Temperature = 0.5f, TopP = 0.25f, TopK = 7, MinP = 0.125f, RepetitionPenalty = 1.5f } };
        var silent = Completion("""{"model":"demo","prompt":"a","top_k":null}""", facts).Settings.Sampling;
        Assert.Equal((0.5f, 0.25f, 7, 0.125f, 1.5f), (silent.Temperature, silent.TopP, silent.TopK, silent.MinP, silent.RepetitionPenalty));
        var own = Completion("""{"model":"demo","prompt":"a","temperature":1,"top_p":1,"top_k":-1,"min_p":0,"repetition_penalty":1}""", facts).Settings.Sampling;
        Assert.Equal((1f, 1f, 0, 0f, 1f), (own.Temperature, own.TopP, own.TopK, own.MinP, own.RepetitionPenalty));
    }

    [Fact]
    public void Null_is_the_same_as_absent()
    {
        var request = Completion("""{"model":"demo","prompt":"a","max_tokens":null,"stop":null,"stream":null,"temperature":null,"suffix":null,"logit_bias":null,"stream_options":null,"best_of":null}""");
        Assert.Null(request.Settings.MaxTokens);
        Assert.Equal(1, request.Settings.Sampling.Temperature);
    }

    [Theory]
    [InlineData("\"a\"", 1, 0)]
    [InlineData("[\"a\",\"b\"]", 2, 0)]
    [InlineData("[1,2,3]", 1, 3)]
    [InlineData("[[1,2],[3]]", 2, 2)]
    [InlineData("\"\"", 1, 0)]
    public void Prompts_come_in_four_forms(string prompt, int count, int idsOfFirst)
    {
        var request = Completion($$"""{"model":"demo","prompt":{{prompt}}}""");
        Assert.Equal(count, request.Prompts.Length);
        Assert.Equal(idsOfFirst, request.Prompts[0].Ids?.Length ?? 0);
    }

    [Fact]
    public void Limits_themselves_are_taken()
    {
        var request = Completion("""{"model":"demo","prompt":"a","n":128,"best_of":128,"logprobs":20,"top_p":1,"presence_penalty":-2,"frequency_penalty":2,"max_tokens":0,"logit_bias":{"1023":-100},"min_p":1,"temperature":0}""");
        Assert.Equal((128, 20, 0), (request.Settings.N, request.Settings.LogProbs, request.Settings.MaxTokens));
        Assert.Equal(new KeyValuePair<int, float>(1023, -100), Assert.Single(request.Settings.Sampling.LogitBias));
        Assert.Equal(0, request.Settings.Sampling.Temperature);
    }

    [Fact]
    public void Whole_numbers_may_be_written_as_floats_and_tiny_temperatures_are_greedy()
    {
        var request = Completion("""{"model":"demo","prompt":"a","max_tokens":5.0,"temperature":1e-9,"top_k":-1}""");
        Assert.Equal((5, 0f, 0), (request.Settings.MaxTokens, request.Settings.Sampling.Temperature, request.Settings.Sampling.TopK));
    }

    [Fact]
    public void Choice_0_has_the_seed_itself_and_every_choice_one_of_its_own()
    {
        var settings = Completion("""{"model":"demo","prompt":"a","seed":42}""").Settings;
        var seeds = Enumerable.Range(0, 128).Select(settings.SeedOf).ToArray();
        Assert.Equal(42UL, seeds[0]);
        Assert.Equal(128, seeds.Distinct().Count());
        Assert.Equal(seeds, Enumerable.Range(0, 128).Select(Completion("""{"model":"demo","prompt":"a","seed":42}""").Settings.SeedOf));
    }

    [Fact]
    public void Without_a_seed_requests_differ()
    {
        var seeds = Enumerable.Range(0, 8).Select(_ => Completion("""{"model":"demo","prompt":"a"}""").Settings.SeedOf(0));
        Assert.Equal(8, seeds.Distinct().Count());
    }

    [Fact]
    public void Chats_take_either_name_of_the_limit_and_tools_go_to_the_template()
    {
        var request = Chat("""{"model":"demo","messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]},{"role":"assistant","content":null,"tool_calls":[]}],"max_completion_tokens":7,"tools":[{"type":"function","function":{"name":"now"}}],"chat_template_kwargs":{"a":1},"logprobs":true,"top_logprobs":3}""");
        Assert.Equal((7, 3), (request.Settings.MaxTokens, request.Settings.LogProbs));
        Assert.Equal(2, request.Prompt.Messages.Count);
        Assert.Equal("now", Assert.Single(request.Prompt.Tools!.Functions).Name);
        Assert.True(request.Prompt.AddGenerationPrompt);
        Assert.False(request.Prompt.AddSpecialTokens);
    }

    [Fact]
    public void Tools_are_left_out_when_none_may_be_chosen()
    {
        Assert.Null(Chat("""{"model":"demo","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"now"}}],"tool_choice":"none"}""").Prompt.Tools);
    }

    [Fact]
    public void Unknown_fields_and_those_that_change_nothing_are_ignored()
    {
        Assert.NotNull(Completion("""{"model":"demo","prompt":"a","user":"u","metadata":{"a":"b"},"whatever":[1],"suffix":"","use_beam_search":false,"length_penalty":1.0,"response_format":{"type":"text"}}"""));
    }

    [Fact]
    public void Adapters_come_with_weights_and_a_way_to_combine_them()
    {
        var sum = Adapters("""{"model":"demo","prompt":"a","adapters":[{"name":"pirate","weight":-0.5},{"name":"yoda@2","from_token":3,"with_abs":false}]}""")!;
        Assert.Null(sum.Merge);
        Assert.Equal([new("pirate", -0.5, true, 0), new("yoda@2", 1, false, 3)], sum.Parts);
        var merge = Adapters("""{"model":"demo","prompt":"a","adapters":[{"name":"a"},{"name":"b"}],"combine":"dare_ties_svd","density":0.3,"svd_rank":4,"majority_sign_method":"frequency","dare_seed":-1}""")!.Merge!;
        Assert.Equal(("dare_ties_svd", 0.3, 4, true, ulong.MaxValue), (merge.Method.Name, merge.Density, merge.SvdRank, merge.ByFrequency, merge.Seed));
        Assert.Null(Adapters("""{"model":"pirate","prompt":"a","adapters":[],"combine":null}"""));
    }

    private static MixtureRequest? Adapters(string body)
    {
        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(body));
        return RequestedModel.Parse(new JsonFields(document.RootElement)).Adapters;
    }

    private static CompletionRequest Completion(string body, ModelFacts? facts = null)
    {
        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(body));
        return CompletionParser.Parse(document.RootElement, facts ?? Facts);
    }

    private static ChatRequest Chat(string body)
    {
        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(body));
        return ChatParser.Parse(document.RootElement, Facts);
    }
}
