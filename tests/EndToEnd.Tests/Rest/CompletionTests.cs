using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

[Collection(SharedServerTests.Name)]
public sealed class CompletionTests(SharedServer shared)
{
    private const string Path = "/v1/completions";
    private static readonly Golden Case = Golden.Read("base")[1];

    [Fact]
    public async Task A_greedy_answer_has_the_reference_ids_text_and_values()
    {
        var answer = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = "demo", ["prompt"] = Case.Prompt, ["temperature"] = 0, ["logprobs"] = 5, ["return_token_ids"] = true });
        var choice = Assert.Single(answer["choices"]!.AsArray())!;
        Assert.Equal("text_completion", answer["object"]!.GetValue<string>());
        Assert.StartsWith("cmpl-", answer["id"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("demo", answer["model"]!.GetValue<string>());
        Assert.Equal(Case.GreedyText, choice["text"]!.GetValue<string>());
        Assert.Equal("stop", choice["finish_reason"]!.GetValue<string>());
        Assert.Equal(Case.GreedyIds, Ints(choice["token_ids"]));
        Assert.Equal(Case.PromptIds, Ints(choice["prompt_token_ids"]));
        AssertLogprobs(choice["logprobs"]!, Case.GreedyLogprobs, top: 5);
        Assert.Equal((Case.PromptIds.Length, Case.GreedyIds.Length), (answer["usage"]!["prompt_tokens"]!.GetValue<int>(), answer["usage"]!["completion_tokens"]!.GetValue<int>()));
        Assert.Equal(Case.PromptIds.Length + Case.GreedyIds.Length, answer["usage"]!["total_tokens"]!.GetValue<int>());
    }

    [Fact]
    public async Task Echo_without_new_tokens_scores_the_prompt()
    {
        var answer = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = "demo", ["prompt"] = Case.Prompt, ["max_tokens"] = 0, ["echo"] = true, ["logprobs"] = 1, ["return_token_ids"] = true });
        var choice = answer["choices"]![0]!;
        Assert.Equal(Case.Prompt, choice["text"]!.GetValue<string>());
        Assert.Equal("length", choice["finish_reason"]!.GetValue<string>());
        Assert.Empty(Ints(choice["token_ids"]));
        var values = choice["logprobs"]!["token_logprobs"]!.AsArray();
        Assert.Null(values[0]);
        Assert.Null(choice["logprobs"]!["top_logprobs"]![0]);
        AssertClose(Case.PromptLogprobs, values);
        AssertEqualLengths(choice["logprobs"]!, Case.PromptIds.Length);
        Assert.Equal(0, answer["usage"]!["completion_tokens"]!.GetValue<int>());
    }

    [Fact]
    public async Task Echo_with_new_tokens_has_values_for_both_and_ids_for_the_new_ones()
    {
        var answer = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = "demo", ["prompt"] = Case.Prompt, ["temperature"] = 0, ["echo"] = true, ["logprobs"] = 0, ["return_token_ids"] = true });
        var choice = answer["choices"]![0]!;
        Assert.Equal(Case.Prompt + Case.GreedyText, choice["text"]!.GetValue<string>());
        Assert.Equal(Case.GreedyIds, Ints(choice["token_ids"]));
        AssertEqualLengths(choice["logprobs"]!, Case.PromptIds.Length + Case.GreedyIds.Length);
        AssertClose([.. Case.PromptLogprobs, .. Case.GreedyLogprobs.Select(value => (double?)value)], choice["logprobs"]!["token_logprobs"]!.AsArray());
        var offsets = Ints(choice["logprobs"]!["text_offset"]);
        Assert.Equal(offsets.Order(), offsets);
        Assert.Equal(Case.Prompt.Length, offsets[Case.PromptIds.Length]);
    }

    [Fact]
    public async Task Prompt_logprobs_have_vLLMs_form()
    {
        var answer = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = "demo", ["prompt"] = Case.Prompt, ["max_tokens"] = 1, ["prompt_logprobs"] = 2 });
        var list = answer["choices"]![0]!["prompt_logprobs"]!.AsArray();
        Assert.Equal(Case.PromptIds.Length, list.Count);
        Assert.Null(list[0]);
        for (var i = 1; i < list.Count; i++)
        {
            var entries = list[i]!.AsObject();
            Assert.InRange(entries.Count, 2, 3);
            var ranks = entries.Select(entry => entry.Value!["rank"]!.GetValue<int>()).Order().ToArray();
            Assert.Equal([1, 2], ranks[..2]);
            Assert.True(ranks.Length == 2 || ranks[2] > 2);
            var own = entries[$"{Case.PromptIds[i]}"]!;
            Assert.Equal(Case.PromptLogprobs[i]!.Value, own["logprob"]!.GetValue<double>(), Tolerances.GoldenLogProb);
            Assert.NotEmpty(own["decoded_token"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task A_rank_is_the_place_among_the_best_that_a_longer_list_shows()
    {
        JsonObject Request(int top) => new() { ["model"] = "demo", ["prompt"] = Case.Prompt, ["max_tokens"] = 0, ["echo"] = true, ["prompt_logprobs"] = top };
        var plain = (await shared.Client.PostAsync(Path, Request(0)))["choices"]![0]!["prompt_logprobs"]!.AsArray();
        var longer = (await shared.Client.PostAsync(Path, Request(20)))["choices"]![0]!["prompt_logprobs"]!.AsArray();
        var beyond = 0;
        for (var i = 1; i < plain.Count; i++)
        {
            var rank = Assert.Single(plain[i]!.AsObject()).Value!["rank"]!.GetValue<int>();
            var better = longer[i]!.AsObject().Count(entry => entry.Value!["logprob"]!.GetValue<double>() > plain[i]!.AsObject().First().Value!["logprob"]!.GetValue<double>());
            Assert.True(rank > better && (rank <= 20) == (longer[i]!.AsObject().Count == 20), $"Token {i} has rank {rank} and {better} better ones.");
            beyond += rank > 2 ? 1 : 0;
        }

        Assert.True(beyond > 0, "The prompt is too likely to tell ranks apart.");
    }

    [Fact]
    public async Task Ids_and_text_are_the_same_prompt()
    {
        var ids = new JsonArray([.. Case.PromptIds.Select(id => (JsonNode)id)]);
        var answer = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = "demo", ["prompt"] = ids, ["temperature"] = 0 });
        Assert.Equal(Case.GreedyText, answer["choices"]![0]!["text"]!.GetValue<string>());
    }

    [Fact]
    public async Task Several_prompts_and_choices_are_numbered_prompt_by_prompt()
    {
        var other = Golden.Read("base")[2];
        var answer = await shared.Client.PostAsync(
            Path, new JsonObject { ["model"] = "demo", ["prompt"] = new JsonArray(Case.Prompt, other.Prompt), ["n"] = 3, ["temperature"] = 0, ["max_tokens"] = 40 });
        var choices = answer["choices"]!.AsArray();
        Assert.Equal([0, 1, 2, 3, 4, 5], choices.Select(choice => choice!["index"]!.GetValue<int>()));
        Assert.Equal(
            [Case.GreedyText, Case.GreedyText, Case.GreedyText, other.GreedyText, other.GreedyText, other.GreedyText], choices.Select(choice => choice!["text"]!.GetValue<string>()));
        Assert.Equal(Case.PromptIds.Length + other.PromptIds.Length, answer["usage"]!["prompt_tokens"]!.GetValue<int>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_concatenates_to_the_whole_answer(bool echo)
    {
        var request = new JsonObject
        {
            ["model"] = "pirate", ["prompt"] = Case.Prompt, ["n"] = 2, ["seed"] = 5, ["max_tokens"] = 40, ["logprobs"] = 2, ["return_token_ids"] = true, ["echo"] = echo, ["temperature"] = 0.8,
        };
        var whole = await shared.Client.PostAsync(Path, request);
        var streamed = (JsonObject)request.DeepClone();
        streamed["stream"] = true;
        streamed["stream_options"] = new JsonObject { ["include_usage"] = true };
        var events = await shared.Client.StreamAsync(Path, streamed);
        Assert.Equal(whole["usage"]!["completion_tokens"]!.GetValue<int>(), events[^1]["usage"]!["completion_tokens"]!.GetValue<int>());
        Assert.Empty(events[^1]["choices"]!.AsArray());
        Assert.All(events[..^1], e => Assert.True(e.AsObject().ContainsKey("usage") && e["usage"] is null));
        for (var index = 0; index < 2; index++)
        {
            var pieces = events.SelectMany(e => e["choices"]!.AsArray()).Where(choice => choice!["index"]!.GetValue<int>() == index).ToArray();
            var expected = whole["choices"]![index]!;
            Assert.Equal(expected["text"]!.GetValue<string>(), string.Concat(pieces.Select(piece => piece!["text"]!.GetValue<string>())));
            Assert.Equal(Ints(expected["token_ids"]), pieces.SelectMany(piece => Ints(piece!["token_ids"])));
            Assert.Equal(Ints(expected["logprobs"]!["text_offset"]), pieces.SelectMany(piece => Ints(piece!["logprobs"]!["text_offset"])));
            Assert.Equal(expected["finish_reason"]!.GetValue<string>(), pieces[^1]!["finish_reason"]!.GetValue<string>());
            Assert.All(pieces[..^1], piece => Assert.Null(piece!["finish_reason"]));
        }
    }

    [Fact]
    public async Task A_seed_gives_the_same_answer_again_and_other_choices_others()
    {
        var request = new JsonObject { ["model"] = "demo", ["prompt"] = "Once", ["seed"] = 11, ["n"] = 4, ["max_tokens"] = 24, ["temperature"] = 1.3 };
        var first = await shared.Client.PostAsync(Path, request);
        var second = await shared.Client.PostAsync(Path, request);
        Assert.Equal(Texts(first), Texts(second));
        Assert.True(Texts(first).Distinct().Count() > 1);
    }

    [Fact]
    public async Task A_stop_string_is_left_out_and_its_token_counted()
    {
        var answer = await shared.Client.PostAsync(
            Path, new JsonObject { ["model"] = "demo", ["prompt"] = Case.Prompt, ["temperature"] = 0, ["stop"] = new JsonArray("r Tuesday i", "zzz"), ["return_token_ids"] = true });
        var choice = answer["choices"]![0]!;
        Assert.Equal("The day afte", choice["text"]!.GetValue<string>());
        Assert.Equal("stop", choice["finish_reason"]!.GetValue<string>());
        Assert.Equal(Case.GreedyIds[..5], Ints(choice["token_ids"]));
        Assert.Equal(5, answer["usage"]!["completion_tokens"]!.GetValue<int>());
    }

    [Fact]
    public async Task Limits_on_length_give_length_and_an_end_id_as_the_last_token_stop()
    {
        Assert.Equal("length", await FinishAsync(Case.GreedyIds.Length - 1));
        Assert.Equal("stop", await FinishAsync(Case.GreedyIds.Length));
    }

    [Fact]
    public async Task Ignored_end_ids_do_not_end_the_answer()
    {
        var answer = await shared.Client.PostAsync(
            Path, new JsonObject { ["model"] = "demo", ["prompt"] = Case.Prompt, ["temperature"] = 0, ["max_tokens"] = 30, ["ignore_eos"] = true, ["return_token_ids"] = true });
        Assert.Equal(30, Ints(answer["choices"]![0]!["token_ids"]).Length);
        Assert.Equal(Case.GreedyIds, Ints(answer["choices"]![0]!["token_ids"])[..Case.GreedyIds.Length]);
    }

    [Fact]
    public async Task Without_max_tokens_sixteen_are_generated_and_the_context_bounds_them()
    {
        var answer = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = "demo", ["prompt"] = "Once", ["ignore_eos"] = true });
        Assert.Equal(16, answer["usage"]!["completion_tokens"]!.GetValue<int>());
        var ids = new JsonArray([.. Enumerable.Repeat(7, 1020).Select(id => (JsonNode)id)]);
        answer = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = "demo", ["prompt"] = ids, ["ignore_eos"] = true });
        Assert.Equal(4, answer["usage"]!["completion_tokens"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_bias_forces_and_forbids_ids()
    {
        var forced = await shared.Client.PostAsync(
            Path, new JsonObject { ["model"] = "demo", ["prompt"] = Case.Prompt, ["temperature"] = 0, ["max_tokens"] = 3, ["logit_bias"] = new JsonObject { ["300"] = 100 }, ["return_token_ids"] = true });
        Assert.Equal([300, 300, 300], Ints(forced["choices"]![0]!["token_ids"]));
    }

    private static string[] Texts(JsonNode answer) => [.. answer["choices"]!.AsArray().Select(choice => choice!["text"]!.GetValue<string>())];

    private static int[] Ints(JsonNode? list) => [.. list!.AsArray().Select(value => value!.GetValue<int>())];

    private static void AssertLogprobs(JsonNode logprobs, double[] expected, int top)
    {
        AssertEqualLengths(logprobs, expected.Length);
        AssertClose([.. expected.Select(value => (double?)value)], logprobs["token_logprobs"]!.AsArray());
        Assert.All(logprobs["top_logprobs"]!.AsArray(), best =>
        {
            Assert.Equal(top, best!.AsObject().Count);
            var values = best.AsObject().Select(pair => pair.Value!.GetValue<double>()).ToArray();
            Assert.Equal(values.OrderDescending(), values);
        });
    }

    private static void AssertEqualLengths(JsonNode logprobs, int length) =>
        Assert.All(["tokens", "token_logprobs", "top_logprobs", "text_offset"], (string name) => Assert.Equal(length, logprobs[name]!.AsArray().Count));

    private static void AssertClose(double?[] expected, JsonArray actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i] is null, actual[i] is null);
            Assert.Equal(expected[i] ?? 0, actual[i]?.GetValue<double>() ?? 0, Tolerances.GoldenLogProb);
        }
    }

    private async Task<string> FinishAsync(int maxTokens)
    {
        var answer = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = "demo", ["prompt"] = Case.Prompt, ["temperature"] = 0, ["max_tokens"] = maxTokens });
        return answer["choices"]![0]!["finish_reason"]!.GetValue<string>();
    }
}
