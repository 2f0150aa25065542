using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Calls of functions. The demo was never taught any, so they are asked for in ways that leave it no choice.</summary>
[Collection(SharedServerTests.Name)]
public sealed class ToolCallTests(SharedServer server)
{
    private const string Chat = "/v1/chat/completions";
    private const string Tools = """
        [{"type":"function","function":{"name":"rank","description":"Sorts.","parameters":{"type":"object","properties":{"place":{"$ref":"#/$defs/place"}},"required":["place"],
          "additionalProperties":false,"$defs":{"place":{"type":"integer","minimum":1,"maximum":3}}}}},
         {"type":"function","function":{"name":"name","parameters":{"type":"object","properties":{"word":{"enum":["mirror","oyster"]}},"required":["word"],"additionalProperties":false},"strict":true}}]
        """;

    [Fact]
    public async Task Required_calls_are_of_the_functions_and_take_their_schemas()
    {
        var body = Body("""{"tool_choice":"required","temperature":1,"seed":2,"n":4,"max_tokens":300}""");
        var answer = await server.Client.PostAsync(Chat, body);
        Assert.Equal(4, answer["choices"]!.AsArray().Count);
        var ids = new HashSet<string>();
        foreach (var choice in answer["choices"]!.AsArray().Where(choice => (string?)choice!["finish_reason"] != "length"))
        {
            Assert.Equal("tool_calls", (string?)choice!["finish_reason"]);
            Assert.Null(choice["message"]!["content"]);
            foreach (var call in choice["message"]!["tool_calls"]!.AsArray())
            {
                Assert.Equal("function", (string?)call!["type"]);
                Assert.Null(call["index"]);
                Assert.True(ids.Add((string)call["id"]!));
                CheckArguments(call["function"]!);
            }
        }

        Assert.NotEmpty(ids);
    }

    [Fact]
    public async Task A_named_function_is_called_once_by_any_model()
    {
        var body = Body("""{"tool_choice":{"type":"function","function":{"name":"name"}},"model":"pirate","temperature":0}""");
        var choice = (await server.Client.PostAsync(Chat, body))["choices"]![0]!;
        var call = Assert.Single(choice["message"]!["tool_calls"]!.AsArray())!;
        Assert.Equal("name", (string?)call["function"]!["name"]);
        CheckArguments(call["function"]!);
        Assert.Equal("tool_calls", (string?)choice["finish_reason"]);
    }

    [Fact]
    public async Task A_stream_brings_the_same_call_in_pieces()
    {
        var body = Body("""{"tool_choice":"required","parallel_tool_calls":false,"temperature":0}""");
        var whole = (await server.Client.PostAsync(Chat, body))["choices"]![0]!["message"]!["tool_calls"]!.AsArray();
        body["stream"] = true;
        var events = await server.Client.StreamAsync(Chat, body);
        var deltas = events.Select(e => e["choices"]![0]!["delta"]!).ToArray();
        Assert.Equal("assistant", (string?)deltas[0]["role"]);
        var calls = deltas.Where(delta => delta["tool_calls"] is not null).Select(delta => Assert.Single(delta["tool_calls"]!.AsArray())!).ToArray();
        Assert.All(calls, call => Assert.Equal(0, (int)call["index"]!));
        Assert.Equal(("function", (string?)whole.Single()!["function"]!["name"]), ((string?)calls[0]["type"], (string?)calls[0]["function"]!["name"]));
        Assert.NotNull(calls[0]["id"]);
        Assert.All(calls.Skip(1), call => Assert.True(call["id"] is null && call["type"] is null && call["function"]!["name"] is null));
        Assert.Equal((string?)whole.Single()!["function"]!["arguments"], string.Concat(calls.Select(call => (string?)call["function"]!["arguments"])));
        Assert.All(deltas, delta => Assert.True(string.IsNullOrEmpty((string?)delta["content"])));
        Assert.Equal("tool_calls", (string?)events[^1]["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public async Task Tools_that_are_not_called_leave_the_answer_as_it_is()
    {
        var with = Body("""{"temperature":0,"logprobs":true}""");
        var without = with.DeepClone();
        without.AsObject().Remove("tools");
        var answer = await server.Client.PostAsync(Chat, with);
        Assert.Equal(
            (string?)(await server.Client.PostAsync(Chat, without))["choices"]![0]!["message"]!["content"], (string?)answer["choices"]![0]!["message"]!["content"]);
        Assert.Equal("stop", (string?)answer["choices"]![0]!["finish_reason"]);
        with["stream"] = true;
        var events = await server.Client.StreamAsync(Chat, with);
        Assert.Equal((string?)answer["choices"]![0]!["message"]!["content"], string.Concat(events.Select(e => (string?)e["choices"]![0]!["delta"]!["content"])));
        Assert.Equal(
            answer["choices"]![0]!["logprobs"]!["content"]!.AsArray().Count,
            events.Sum(e => e["choices"]![0]!["logprobs"]?["content"]!.AsArray().Count ?? 0));
    }

    [Fact]
    public async Task A_template_of_the_adapter_says_how_calls_are_written_and_shows_the_earlier_ones()
    {
        const string template = """
            {%- for tool in tools or [] %}[{{ tool.function.name }}]{% endfor %}
            {%- for m in messages %}<|{{ m.role }}|>{{ m.content or '' }}{% for c in m.tool_calls or [] %}<tool_call>{{ c.function.arguments.place }} {{ c.id }}</tool_call>{% endfor %}{{ m.tool_call_id or '' }}{% endfor %}
            {%- if add_generation_prompt %}<|assistant|>{% endif %}
            """;
        var files = Api.Files(Path.Combine(Repository.Root, "tests", "data", "adapters", "pirate-lora")).Append(("chat_template.jinja", Encoding.UTF8.GetBytes(template)));
        using var uploaded = await server.Client.PutFilesAsync("tool-caller", files);
        Assert.Equal(HttpStatusCode.Created, uploaded.StatusCode);
        var body = Body("""{"model":"tool-caller","tool_choice":"required","parallel_tool_calls":false,"temperature":0,"return_token_ids":true}""");
        body["messages"] = JsonNode.Parse("""[{"role":"developer","content":"Brief."},{"role":"user","content":"Rank."},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"rank","arguments":"{\"place\":1}"}}]},{"role":"tool","tool_call_id":"c1","content":"done"}]""");
        var choice = (await server.Client.PostAsync(Chat, body))["choices"]![0]!;
        CheckArguments(Assert.Single(choice["message"]!["tool_calls"]!.AsArray())!["function"]!);
        Assert.Equal("[rank][name]<|system|>Brief.<|user|>Rank.<|assistant|><tool_call>1 c1</tool_call><|tool|>donec1<|assistant|><tool_call>\n", await DetokenizeAsync(choice["prompt_token_ids"]!));
        Assert.EndsWith("}\n</tool_call>", (await DetokenizeAsync(choice["token_ids"]!)).Replace("<|end|>", "", StringComparison.Ordinal), StringComparison.Ordinal);
        using var deleted = await server.Client.DeleteAsync("/v1/adapters/tool-caller", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
    }

    [Fact]
    public async Task A_schema_that_can_not_be_held_to_is_refused_with_the_function()
    {
        var wrong = Body("""{"tool_choice":"required","tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"a":{"type":"integer","multipleOf":3}}}}}]}""");
        using var response = await server.Client.PostAsync(Chat, Api.Json(wrong.ToJsonString()), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var error = await Api.ErrorAsync(response);
        Assert.Equal(("unsupported_structure", "tools"), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Contains("parameters of f", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_must_come_and_another_form_exclude_each_other()
    {
        using var response = await server.Client.PostAsync(Chat, Api.Json(Body("""{"tool_choice":"required","guided_regex":"a"}""").ToJsonString()), TestContext.Current.CancellationToken);
        Assert.Equal(("invalid_value", "tool_choice"), (await Api.ErrorAsync(response)) is var error ? (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()) : default);
    }

    [Fact]
    public async Task The_best_of_several_completions_are_those_with_the_highest_mean_log_probability()
    {
        JsonObject Request(int n, int bestOf) => new()
        {
            ["model"] = "demo", ["prompt"] = "Once", ["max_tokens"] = 12, ["temperature"] = 1.2, ["seed"] = 9, ["n"] = n, ["best_of"] = bestOf, ["logprobs"] = 0,
        };
        var all = (await server.Client.PostAsync("/v1/completions", Request(6, 6)))["choices"]!.AsArray();
        var expected = all.OrderByDescending(choice => choice!["logprobs"]!["token_logprobs"]!.AsArray().Average(value => (double)value!)).Take(2).Select(choice => (string)choice!["text"]!);
        var best = await server.Client.PostAsync("/v1/completions", Request(2, 6));
        Assert.Equal(expected, best["choices"]!.AsArray().Select(choice => (string)choice!["text"]!));
        Assert.Equal([0, 1], best["choices"]!.AsArray().Select(choice => (int)choice!["index"]!));
        var streamed = Request(1, 2);
        streamed["stream"] = true;
        using var response = await server.Client.PostAsync("/v1/completions", Api.Json(streamed.ToJsonString()), TestContext.Current.CancellationToken);
        Assert.Equal("best_of", (await Api.ErrorAsync(response)).GetProperty("param").GetString());
    }

    private async Task<string> DetokenizeAsync(JsonNode ids) => (string)(await server.Client.PostAsync("/detokenize", new JsonObject { ["model"] = "demo", ["tokens"] = ids.DeepClone() }))["prompt"]!;

    private static void CheckArguments(JsonNode function)
    {
        var arguments = JsonNode.Parse((string)function["arguments"]!)!.AsObject();
        var (key, value) = Assert.Single(arguments);
        Assert.True((string?)function["name"] == "rank" ? key == "place" && (int)value! is >= 1 and <= 3 : key == "word" && (string?)value is "mirror" or "oyster", function.ToJsonString());
    }

    private static JsonObject Body(string fields)
    {
        var body = JsonNode.Parse(fields)!.AsObject();
        body["model"] ??= "demo";
        body["tools"] ??= JsonNode.Parse(Tools);
        body["messages"] = JsonNode.Parse("""[{"role":"user","content":"Which comes first in the list mirror, yogurt, oyster?"}]""");
        return body;
    }
}
