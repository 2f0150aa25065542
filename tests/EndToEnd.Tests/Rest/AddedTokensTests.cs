using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Tokens, tokenizer and chat template that an adapter brings are its own, and nobody else's.</summary>
[Collection(SharedServerTests.Name)]
public sealed class AddedTokensTests(SharedServer shared) : IAsyncLifetime
{
    private const string Path = "/v1/completions";
    private const string Name = "arr";
    private const string Bare = "arr-bare";
    private static readonly Golden Case = Golden.Read("pirate-lora")[1];
    private static readonly int Copied = Case.GreedyIds[0];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var adapter = new AddedTokensAdapter("pirate-lora", Copied);
        foreach (var (name, files) in new[] { (Name, adapter.Files()), (Bare, adapter.FilesWithoutText()) })
        {
            using var response = await shared.Client.PutFilesAsync(name, files);
            var text = await response.Content.ReadAsStringAsync(Cancellation);
            Assert.True((int)response.StatusCode is 200 or 201, text);
            Assert.Equal(2, JsonNode.Parse(text)!["added_tokens"]!.GetValue<int>());
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in (string[])[Name, Bare])
        {
            using var response = await shared.Client.DeleteAsync("/v1/adapters/" + name, Cancellation);
        }
    }

    [Fact]
    public async Task Probabilities_are_shared_with_the_added_tokens()
    {
        var answer = await shared.Client.PostAsync(Path, Request(Name, Ids(Case.PromptIds), 1, ("logprobs", 3), ("prompt_logprobs", 20)));
        var choice = answer["choices"]![0]!;
        Assert.Equal([Copied], Ints(choice["token_ids"]));

        // Three tokens have the logit that one had: p / (1 + 2 p) each.
        var expected = Case.GreedyLogprobs[0] - Math.Log(1 + (2 * Math.Exp(Case.GreedyLogprobs[0])));
        Assert.Equal(expected, choice["logprobs"]!["token_logprobs"]![0]!.GetValue<double>(), Tolerances.GoldenLogProb);
        var best = choice["logprobs"]!["top_logprobs"]![0]!.AsObject();
        Assert.Equal(3, best.Count);
        Assert.Equal((expected, expected), (best["<|arr|>"]!.GetValue<double>(), best["<|stop|>"]!.GetValue<double>()), Close);
        for (var i = 1; i < Case.PromptIds.Length; i++)
        {
            var entries = choice["prompt_logprobs"]![i]!.AsObject();
            var own = entries[$"{Case.PromptIds[i]}"]!["logprob"]!.GetValue<double>();
            // What the two copies took is missing from the others; where they are not among the best, each has at most what the last of these has.
            var copy = Math.Exp((entries[$"{AddedTokensAdapter.Arr}"] ?? entries.Last().Value)!["logprob"]!.GetValue<double>());
            var least = Case.PromptLogprobs[i]!.Value + Math.Log(1 - (2 * copy));
            Assert.InRange(own, least - Tolerances.GoldenLogProb, (entries.ContainsKey($"{AddedTokensAdapter.Arr}") ? least : Case.PromptLogprobs[i]!.Value) + Tolerances.GoldenLogProb);
        }
    }

    [Theory]
    [InlineData(Name)]
    [InlineData(Bare)]
    public async Task An_added_token_reads_like_the_one_that_it_copies(string model)
    {
        int[] plain = [.. Case.PromptIds, Copied, .. Case.GreedyIds[..2]];
        int[] added = [.. Case.PromptIds, AddedTokensAdapter.Arr, .. Case.GreedyIds[..2]];
        var expected = await shared.Client.PostAsync(Path, Request(model, Ids(plain), 4, ("logprobs", 1), ("prompt_logprobs", 0)));
        var actual = await shared.Client.PostAsync(Path, Request(model, Ids(added), 4, ("logprobs", 1), ("prompt_logprobs", 0)));
        Assert.Equal(Ints(expected["choices"]![0]!["token_ids"]), Ints(actual["choices"]![0]!["token_ids"]));
        Assert.Equal($"{expected["choices"]![0]!["logprobs"]!["token_logprobs"]}", $"{actual["choices"]![0]!["logprobs"]!["token_logprobs"]}");
        Assert.Equal(
            expected["choices"]![0]!["prompt_logprobs"]![plain.Length - 1]![$"{plain[^1]}"]!["logprob"]!.GetValue<double>(),
            actual["choices"]![0]!["prompt_logprobs"]![plain.Length - 1]![$"{plain[^1]}"]!["logprob"]!.GetValue<double>());
    }

    [Fact]
    public async Task Text_is_tokenized_as_the_adapter_was_trained()
    {
        const string Text = "Ahoy <|arr|> there";
        var own = Ints((await shared.Client.PostAsync("/tokenize", new JsonObject { ["model"] = Name, ["prompt"] = Text }))["tokens"]);
        var bases = Ints((await shared.Client.PostAsync("/tokenize", new JsonObject { ["model"] = "demo", ["prompt"] = Text }))["tokens"]);
        Assert.Single(own, AddedTokensAdapter.Arr);
        Assert.All(bases, id => Assert.InRange(id, 0, AddedTokensAdapter.Vocabulary - 1));
        Assert.Equal(bases, Ints((await shared.Client.PostAsync("/tokenize", new JsonObject { ["model"] = Bare, ["prompt"] = Text }))["tokens"]));
        Assert.Equal("<|begin|>" + Text, (await shared.Client.PostAsync("/detokenize", new JsonObject { ["model"] = Name, ["tokens"] = Ids(own) }))["prompt"]!.GetValue<string>());
        var answer = await shared.Client.PostAsync(Path, Request(Name, Text, 1, ("echo", true), ("logprobs", 0)));
        Assert.Equal(own, Ints(answer["choices"]![0]!["prompt_token_ids"]));
        Assert.Contains("<|arr|>", answer["choices"]![0]!["logprobs"]!["tokens"]!.AsArray().Select(token => token!.GetValue<string>()));

        // Without a tokenizer the token has no text.
        Assert.Equal("", (await shared.Client.PostAsync("/detokenize", new JsonObject { ["model"] = Bare, ["tokens"] = Ids([AddedTokensAdapter.Arr]) }))["prompt"]!.GetValue<string>());
        var bare = await shared.Client.PostAsync(Path, Request(Bare, Ids([1, AddedTokensAdapter.Arr]), 1, ("logprobs", 0), ("logit_bias", new JsonObject { ["1024"] = 100 })));
        Assert.Equal(("", "token_id:1024"), (bare["choices"]![0]!["text"]!.GetValue<string>(), bare["choices"]![0]!["logprobs"]!["tokens"]![0]!.GetValue<string>()));
    }

    [Fact]
    public async Task Chats_are_rendered_by_the_adapters_template()
    {
        JsonObject Chat(string model) => new() { ["model"] = model, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hi" }), ["max_tokens"] = 1, ["return_token_ids"] = true };
        var own = await shared.Client.PostAsync("/v1/chat/completions", Chat(Name));
        var ids = Ints(own["choices"]![0]!["prompt_token_ids"]);
        Assert.Equal((1, AddedTokensAdapter.Arr, AddedTokensAdapter.Stop), (ids[0], ids[1], ids[^1]));
        Assert.Equal(ids, Ints((await shared.Client.PostAsync("/tokenize", Chat(Name)))["tokens"]));
        var bare = Ints((await shared.Client.PostAsync("/tokenize", Chat(Bare)))["tokens"]);
        Assert.Equal(Ints((await shared.Client.PostAsync("/tokenize", Chat("demo")))["tokens"]), bare);
        Assert.NotEqual(ids, bare);
    }

    [Fact]
    public async Task An_answer_ends_with_the_adapters_own_end()
    {
        JsonObject Ended(string model) => Request(model, Ids(Case.PromptIds), 3, ("logit_bias", new JsonObject { ["1025"] = 100 }));
        var own = (await shared.Client.PostAsync(Path, Ended(Name)))["choices"]![0]!;
        Assert.Equal(("stop", ""), (own["finish_reason"]!.GetValue<string>(), own["text"]!.GetValue<string>()));
        Assert.Equal([AddedTokensAdapter.Stop], Ints(own["token_ids"]));
        var bare = (await shared.Client.PostAsync(Path, Ended(Bare)))["choices"]![0]!;
        Assert.Equal("length", bare["finish_reason"]!.GetValue<string>());
        var drawn = (await shared.Client.PostAsync(Path, Request(Name, Ids(Case.PromptIds), 4, ("temperature", 1), ("seed", 3), ("stop_token_ids", Ids([1024])), ("logit_bias", new JsonObject { ["1024"] = 50 }))))["choices"]![0]!;
        Assert.Equal(("stop", 1), (drawn["finish_reason"]!.GetValue<string>(), drawn["token_ids"]!.AsArray().Count));
    }

    [Theory]
    [InlineData("demo", "prompt", "[1,1024]", "prompt")]
    [InlineData(Name, "prompt", "[1,1026]", "prompt")]
    [InlineData("demo", "logit_bias", """{"1024":1}""", "logit_bias")]
    [InlineData(Name, "logit_bias", """{"1026":1}""", "logit_bias")]
    [InlineData("demo", "stop_token_ids", "[1025]", "stop_token_ids")]
    public async Task Ids_beyond_the_models_vocabulary_are_refused(string model, string field, string value, string param)
    {
        var request = Request(model, "a", 1);
        request[field] = JsonNode.Parse(value);
        using var response = await shared.Client.PostAsync(Path, Api.Json(request.ToJsonString()), Cancellation);
        var error = await Api.ErrorAsync(response);
        Assert.Equal((400, "invalid_value", param), ((int)response.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
    }

    [Fact]
    public async Task Beside_others_it_is_refused_and_in_a_span_its_tokens_end_with_it()
    {
        var sum = Request("demo", "a", 1, ("adapters", new JsonArray(Part(Name), Part("pirate"))));
        await RefusedAsync(Path, sum, 422, "not_additive");
        await RefusedAsync("/v1/adapters:compose", new JsonObject { ["name"] = "arr-sum", ["adapters"] = new JsonArray(Part(Name), Part("pirate")) }, 422, "merge_form");

        JsonObject Spans(params int[] prompt) => Request("demo", Ids(prompt), 1, ("adapters", new JsonArray(Part(Name), Part("demo", 3))));
        await shared.Client.PostAsync(Path, Spans(1, 1024, 7, 8));
        await RefusedAsync(Path, Spans(1, 7, 8, 1024), 400, "invalid_value");

        static JsonObject Part(string name, int? from = null) => from is null ? new JsonObject { ["name"] = name } : new JsonObject { ["name"] = name, ["from_token"] = from };
    }

    [Fact]
    public async Task The_inspection_shows_the_rows_of_the_added_tokens()
    {
        var sites = (await shared.Client.GetJsonAsync($"/v1/adapters/{Name}/inspect"))["sites"]!.AsArray();
        var head = sites.Single(site => site!["path"]!.GetValue<string>() == "lm_head")!;
        Assert.Equal(("dense", "replace"), (head["forms"]![0]!["form"]!.GetValue<string>(), head["forms"]![0]!["mode"]!.GetValue<string>()));
        Assert.Null(head["delta"]);
        Assert.Contains(sites, site => site!["path"]!.GetValue<string>() == "model.embed_tokens");
    }

    [Fact]
    public async Task An_approximation_keeps_the_added_tokens_as_they_are()
    {
        using (var response = await shared.Client.PutFilesAsync("arr-small?lower=svd:rank=4", new AddedTokensAdapter("pirate-lora", Copied).Files()))
        {
            Assert.True((int)response.StatusCode is 200 or 201, await response.Content.ReadAsStringAsync(Cancellation));
        }

        var answer = await shared.Client.PostAsync(Path, Request("arr-small", Ids([.. Case.PromptIds]), 1, ("logprobs", 3)));
        var best = answer["choices"]![0]!["logprobs"]!["top_logprobs"]![0]!.AsObject();
        Assert.Equal(best["<|arr|>"]!.GetValue<double>(), best["<|stop|>"]!.GetValue<double>());
        Assert.Equal(best.First().Value!.GetValue<double>(), best["<|arr|>"]!.GetValue<double>(), Tolerances.GoldenLogProb);
        using var deleted = await shared.Client.DeleteAsync("/v1/adapters/arr-small", Cancellation);
    }

    [Fact]
    public async Task A_folder_whose_text_is_anothers_is_refused_with_the_reason()
    {
        foreach (var (code, spoil) in new (string, Action<AddedTokensAdapter>)[]
        {
            ("tokenizer", adapter => adapter.Tokenizer["model"]!["vocab"]!["Ġthe"] = 7),
            ("tokenizer", adapter => adapter.Tokenizer["pre_tokenizer"]!["add_prefix_space"] = true),
            ("tokenizer", adapter => adapter.AddToken(AddedTokensAdapter.Stop + 1, "<|more|>", special: true)),
            ("tokenizer", adapter => adapter.Tokenizer["added_tokens"]![2]!["content"] = "<|fin|>"),
            ("chat_template", adapter => adapter.Template = "{% for %}"),
        })
        {
            var adapter = new AddedTokensAdapter("pirate-lora", Copied);
            spoil(adapter);
            using var response = await shared.Client.PutFilesAsync("arr-wrong", adapter.Files());
            var error = await Api.ErrorAsync(response);
            Assert.Equal((422, code), ((int)response.StatusCode, error.GetProperty("code").GetString()));
            using var missing = await shared.Client.GetAsync("/v1/adapters/arr-wrong", Cancellation);
            Assert.Equal(404, (int)missing.StatusCode);
        }
    }

    private async Task RefusedAsync(string path, JsonObject body, int status, string code)
    {
        using var response = await shared.Client.PostAsync(path, Api.Json(body.ToJsonString()), Cancellation);
        var error = await Api.ErrorAsync(response);
        Assert.Equal((status, code), ((int)response.StatusCode, error.GetProperty("code").GetString()));
    }

    private static bool Close((double, double) expected, (double, double) actual) =>
        Math.Abs(expected.Item1 - actual.Item1) < Tolerances.GoldenLogProb && Math.Abs(expected.Item2 - actual.Item2) < Tolerances.GoldenLogProb;

    private static JsonObject Request(string model, JsonNode prompt, int maxTokens, params (string Name, JsonNode Value)[] others)
    {
        var request = new JsonObject { ["model"] = model, ["prompt"] = prompt, ["max_tokens"] = maxTokens, ["temperature"] = 0, ["return_token_ids"] = true };
        foreach (var (name, value) in others)
        {
            request[name] = value;
        }

        return request;
    }

    private static JsonArray Ids(IEnumerable<int> ids) => [.. ids.Select(id => (JsonNode)id)];

    private static int[] Ints(JsonNode? list) => [.. list!.AsArray().Select(value => value!.GetValue<int>())];
}
