using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

[Collection(SharedServerTests.Name)]
public sealed class ChatTests(SharedServer shared)
{
    private const string Path = "/v1/chat/completions";
    private const string Question = "Which day comes after Tuesday?";
    private static readonly Golden Case = Golden.Read("base")[1];

    [Fact]
    public async Task A_chat_gives_the_answer_of_the_same_prompt()
    {
        var answer = await shared.Client.PostAsync(Path, Request(Question));
        var choice = Assert.Single(answer["choices"]!.AsArray())!;
        Assert.Equal("chat.completion", answer["object"]!.GetValue<string>());
        Assert.Equal("assistant", choice["message"]!["role"]!.GetValue<string>());
        Assert.Equal(Case.GreedyText, choice["message"]!["content"]!.GetValue<string>());
        Assert.Equal("stop", choice["finish_reason"]!.GetValue<string>());
        Assert.Equal(Case.PromptIds, Ints(choice["prompt_token_ids"]));
        Assert.Equal(Case.GreedyIds, Ints(choice["token_ids"]));
        var content = choice["logprobs"]!["content"]!.AsArray();
        Assert.Equal(Case.GreedyIds.Length, content.Count);
        for (var i = 0; i < content.Count; i++)
        {
            Assert.Equal(Case.GreedyLogprobs[i], content[i]!["logprob"]!.GetValue<double>(), Tolerances.GoldenLogProb);
            Assert.Equal(3, content[i]!["top_logprobs"]!.AsArray().Count);
        }

        Assert.Equal("The"u8.ToArray().Select(value => (int)value), Ints(content[0]!["bytes"]));
    }

    [Fact]
    public async Task Parts_of_text_are_the_same_as_text()
    {
        var answer = await shared.Client.PostAsync(Path, Request(new JsonArray(new JsonObject { ["type"] = "text", ["text"] = Question })));
        Assert.Equal(Case.GreedyText, answer["choices"]![0]!["message"]!["content"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_stream_begins_with_the_role_and_ends_with_the_reason()
    {
        var request = Request(Question);
        request["stream"] = true;
        request["n"] = 2;
        request["stream_options"] = new JsonObject { ["include_usage"] = true };
        var events = await shared.Client.StreamAsync(Path, request);
        Assert.Equal(2 * Case.GreedyIds.Length, events[^1]["usage"]!["completion_tokens"]!.GetValue<int>());
        Assert.All(events[..^1], e => Assert.True(e.AsObject().ContainsKey("usage") && e["usage"] is null));
        Assert.All(events, e => Assert.Equal("chat.completion.chunk", e["object"]!.GetValue<string>()));
        Assert.Single(events.Select(e => e["id"]!.GetValue<string>()).Distinct());
        for (var index = 0; index < 2; index++)
        {
            var pieces = events.SelectMany(e => e["choices"]!.AsArray()).Where(choice => choice!["index"]!.GetValue<int>() == index).ToArray();
            Assert.Equal("assistant", pieces[0]!["delta"]!["role"]!.GetValue<string>());
            Assert.Equal("stop", pieces[^1]!["finish_reason"]!.GetValue<string>());
            Assert.Empty(pieces[^1]!["delta"]!.AsObject());
            Assert.Equal(Case.GreedyText, string.Concat(pieces.Select(piece => piece!["delta"]!["content"]?.GetValue<string>())));
            Assert.Equal(Case.GreedyIds, pieces.SelectMany(piece => piece!["token_ids"] is { } ids ? Ints(ids) : []));
        }
    }

    [Fact]
    public async Task Without_include_usage_no_event_has_usage()
    {
        var request = Request(Question);
        request["stream"] = true;
        Assert.All(await shared.Client.StreamAsync(Path, request), e => Assert.False(e.AsObject().ContainsKey("usage")));
    }

    [Fact]
    public async Task Without_max_tokens_the_rest_of_the_context_is_the_limit()
    {
        var request = Request(Question);
        request["ignore_eos"] = true;
        var answer = await shared.Client.PostAsync(Path, request);
        Assert.Equal(1024, answer["usage"]!["total_tokens"]!.GetValue<int>());
        Assert.Equal("length", answer["choices"]![0]!["finish_reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task Each_demo_adapter_answers_in_its_own_style()
    {
        var answers = new HashSet<string>();
        foreach (var model in new[] { "demo", "pirate", "json", "shout", "french", "robot", "yoda", "markdown", "polite" })
        {
            var request = Request(Question);
            request["model"] = model;
            var answer = await shared.Client.PostAsync(Path, request);
            Assert.Equal(model, answer["model"]!.GetValue<string>());
            Assert.True(answers.Add(answer["choices"]![0]!["message"]!["content"]!.GetValue<string>()), $"{model} answers as another does.");
        }
    }

    private static int[] Ints(JsonNode? list) => [.. list!.AsArray().Select(value => value!.GetValue<int>())];

    private static JsonObject Request(JsonNode content) => new()
    {
        ["model"] = "demo",
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = content }),
        ["temperature"] = 0,
        ["logprobs"] = true,
        ["top_logprobs"] = 3,
        ["return_token_ids"] = true,
    };
}
