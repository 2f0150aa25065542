using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>TGI's and LoRAX's calls against the goldens.</summary>
[Collection(SharedServerTests.Name)]
public sealed class GenerateTests(SharedServer shared)
{
    private static readonly Golden Base = Golden.Read("base")[1];
    private static readonly Golden Pirate = Golden.Read("pirate-showcase")[0];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_adapters_greedy_answer_has_the_references_tokens_and_values()
    {
        var answer = await shared.Client.PostAsync("/generate", Body(Pirate, new JsonObject { ["adapter_id"] = "pirate", ["details"] = true, ["decoder_input_details"] = true, ["top_n_tokens"] = 2 }));
        Assert.Equal(["generated_text", "details"], answer.AsObject().Select(member => member.Key));
        Assert.Equal(Pirate.GreedyText, Text(answer["generated_text"]));
        var details = answer["details"]!;
        Assert.Equal(("eos_token", Pirate.GreedyIds.Length, Pirate.PromptIds.Length), (Text(details["finish_reason"]), Int(details["generated_tokens"]), Int(details["prompt_tokens"])));
        Assert.Null(details["seed"]);
        AssertTokens(details["tokens"]!.AsArray());
        var prefill = details["prefill"]!.AsArray();
        Assert.Equal(Pirate.PromptIds, prefill.Select(token => Int(token!["id"])));
        Assert.Null(prefill[0]!["logprob"]);
        Assert.All(prefill.Skip(1).Zip(Pirate.PromptLogprobs.Skip(1)), pair => Assert.Equal(pair.Second!.Value, pair.First!["logprob"]!.GetValue<double>(), Tolerances.GoldenLogProb));
        var top = details["top_tokens"]!.AsArray();
        Assert.Equal(Pirate.GreedyIds, top.Select(place => Int(place![0]!["id"])));
        Assert.All(top, place => Assert.Equal(2, place!.AsArray().Count));
    }

    [Theory]
    [InlineData("/generate_stream")]
    [InlineData("/")]
    public async Task A_stream_has_an_event_a_token_and_ends_with_the_text(string path)
    {
        var body = Body(Pirate, new JsonObject { ["adapter_id"] = "pirate" });
        body["stream"] = path == "/" ? true : null;
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Api.Json(body.ToJsonString()) };
        using var response = await shared.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        var events = new JsonArray();
        await foreach (var data in Api.ReadEventsAsync(await response.Content.ReadAsStreamAsync(Cancellation)))
        {
            events.Add(JsonNode.Parse(data));
        }

        AssertTokens(new JsonArray([.. events.Select(one => one!["token"]!.DeepClone())]));
        Assert.Equal(Enumerable.Range(1, events.Count), events.Select(one => Int(one!["index"])));
        Assert.All(events.SkipLast(1), one => Assert.True(one!["generated_text"] is null && one["details"] is null));
        Assert.Equal(Pirate.GreedyText, Text(events[^1]!["generated_text"]));
        Assert.Equal(("eos_token", events.Count), (Text(events[^1]!["details"]!["finish_reason"]), Int(events[^1]!["details"]!["generated_tokens"])));
    }

    [Fact]
    public async Task The_root_answers_a_list_and_the_base_needs_no_adapter()
    {
        var answer = await shared.Client.PostAsync("/", Body(Base, new JsonObject { ["adapter_id"] = "__base_model__", ["return_full_text"] = true }));
        Assert.Equal(Base.Prompt + Base.GreedyText, Text(Assert.Single(answer.AsArray())!["generated_text"]));
        var plain = await shared.Client.PostAsync("/generate", new JsonObject { ["inputs"] = Base.Prompt });
        Assert.Equal(Base.GreedyText, Text(plain["generated_text"]));
    }

    [Fact]
    public async Task A_stop_string_ends_the_answer_and_is_a_part_of_it()
    {
        var stop = Pirate.GreedyText[3..9];
        var answer = await shared.Client.PostAsync("/generate", Body(Pirate, new JsonObject { ["adapter_id"] = "pirate", ["stop"] = new JsonArray(stop), ["details"] = true }));
        var text = Text(answer["generated_text"]);
        Assert.Equal("stop_sequence", Text(answer["details"]!["finish_reason"]));
        Assert.Contains(stop, text, StringComparison.Ordinal);
        Assert.StartsWith(text, Pirate.GreedyText, StringComparison.Ordinal);
        Assert.Equal(text, string.Concat(answer["details"]!["tokens"]!.AsArray().Select(token => Text(token!["text"]))));
    }

    [Fact]
    public async Task A_seed_makes_a_draw_repeatable_and_stands_in_the_answer()
    {
        JsonObject Asked(int seed) => Body(Base, new JsonObject { ["temperature"] = 1.5, ["top_p"] = 0.9, ["seed"] = seed, ["details"] = true, ["max_new_tokens"] = 20 });
        var first = await shared.Client.PostAsync("/generate", Asked(7));
        Assert.Equal(7, Int(first["details"]!["seed"]));
        Assert.Equal(first.ToJsonString(), (await shared.Client.PostAsync("/generate", Asked(7))).ToJsonString());
    }

    [Fact]
    public async Task A_grammar_holds_the_answer()
    {
        var answer = await shared.Client.PostAsync("/generate", Body(Base, new JsonObject { ["grammar"] = new JsonObject { ["type"] = "regex", ["value"] = "[0-9]{3}" } }));
        Assert.Matches("^[0-9]{3}$", Text(answer["generated_text"]));
    }

    [Theory]
    [InlineData("""{"parameters":{}}""", 422, "validation", "missing_required_parameter")]
    [InlineData("""{"inputs":7}""", 422, "validation", "invalid_type")]
    [InlineData("""{"inputs":""}""", 422, "validation", "invalid_value")]
    [InlineData("""{"inputs":"a","parameters":7}""", 422, "validation", "invalid_type")]
    [InlineData("""{"inputs":"a","parameters":{"temperature":0}}""", 422, "validation", "invalid_value")]
    [InlineData("""{"inputs":"a","parameters":{"top_n_tokens":6}}""", 422, "validation", "invalid_value")]
    [InlineData("""{"inputs":"a","parameters":{"stop":"b"}}""", 422, "validation", "invalid_type")]
    [InlineData("""{"inputs":"a","parameters":{"typical_p":0.5}}""", 422, "validation", "unsupported_parameter")]
    [InlineData("""{"inputs":"a","parameters":{"watermark":true}}""", 422, "validation", "unsupported_parameter")]
    [InlineData("""{"inputs":"a","parameters":{"best_of":2}}""", 422, "validation", "unsupported_parameter")]
    [InlineData("""{"inputs":"a","parameters":{"frequency_penalty":0.1}}""", 422, "validation", "unsupported_parameter")]
    [InlineData("""{"inputs":"a","parameters":{"adapter_id":"x","adapter_source":"hub"}}""", 422, "validation", "unsupported_parameter")]
    [InlineData("""{"inputs":"a","parameters":{"grammar":{"type":"regex","value":"("}}}""", 422, "validation", "unsupported_structure")]
    [InlineData("""{"inputs":"a","parameters":{"max_new_tokens":100000}}""", 422, "validation", "context_length_exceeded")]
    [InlineData("""{"inputs":"a","parameters":{"adapter_id":"nobody"}}""", 404, "validation", "model_not_found")]
    [InlineData("""{"inputs":"a",}""", 422, "validation", "invalid_json")]
    public async Task What_is_wrong_is_told_in_TGIs_form(string body, int status, string type, string code)
    {
        foreach (var path in new[] { "/generate", "/generate_stream", "/" })
        {
            using var response = await shared.Client.PostAsync(path, Api.Json(body), Cancellation);
            var error = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!.AsObject();
            Assert.Equal((status, "application/json"), ((int)response.StatusCode, response.Content.Headers.ContentType!.MediaType));
            Assert.Equal(["error", "error_type", "code"], error.Select(member => member.Key));
            Assert.Equal((type, code), (Text(error["error_type"]), Text(error["code"])));
            Assert.EndsWith(".", Text(error["error"]), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Info_tells_the_models_limits()
    {
        var info = await shared.Client.GetJsonAsync("/info");
        var card = await shared.Client.GetJsonAsync("/v1/models/demo");
        Assert.Equal(("demo", Int(card["max_model_len"])), (Text(info["model_id"]), Int(info["max_total_tokens"])));
    }

    private static JsonObject Body(Golden golden, JsonObject parameters) => new() { ["inputs"] = golden.Prompt, ["parameters"] = parameters };

    private static void AssertTokens(JsonArray tokens)
    {
        Assert.Equal(Pirate.GreedyIds, tokens.Select(token => Int(token!["id"])));
        Assert.All(tokens.Zip(Pirate.GreedyLogprobs), pair => Assert.Equal(pair.Second, pair.First!["logprob"]!.GetValue<double>(), Tolerances.GoldenLogProb));
        Assert.Equal(Pirate.GreedyText, string.Concat(tokens.Where(token => !token!["special"]!.GetValue<bool>()).Select(token => Text(token!["text"]))));
        Assert.True(tokens[^1]!["special"]!.GetValue<bool>());
    }

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static int Int(JsonNode? node) => node!.GetValue<int>();
}
