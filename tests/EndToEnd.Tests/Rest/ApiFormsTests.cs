using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>What the clients' own programs do not try of responses and messages.</summary>
[Collection(SharedServerTests.Name)]
public sealed class ApiFormsTests(SharedServer server)
{
    private const string Messages = "/v1/messages";

    [Fact]
    public async Task Several_adapters_act_in_every_form_as_they_do_in_a_chat()
    {
        const string shared = """{"model":"demo","temperature":0,"adapters":[{"name":"pirate","weight":0.7},{"name":"polite","weight":0.3}]""";
        const string turn = """[{"role":"user","content":"Which comes first in the list mirror, yogurt, oyster?"}]""";
        var chat = await server.Client.PostAsync("/v1/chat/completions", JsonNode.Parse($$"""{{shared}},"max_tokens":40,"messages":{{turn}}}""")!);
        var text = (string?)chat["choices"]![0]!["message"]!["content"];
        var response = await server.Client.PostAsync("/v1/responses", JsonNode.Parse($$"""{{shared}},"max_output_tokens":40,"input":{{turn}}}""")!);
        Assert.Equal(text, (string?)response["output"]![0]!["content"]![0]!["text"]);
        var message = await server.Client.PostAsync(Messages, JsonNode.Parse($$"""{{shared}},"max_tokens":40,"messages":{{turn}}}""")!);
        Assert.Equal(text, (string?)message["content"]![0]!["text"]);
        Assert.Equal((int)chat["usage"]!["completion_tokens"]!, (int)message["usage"]!["output_tokens"]!);
        Assert.Equal((int)chat["usage"]!["prompt_tokens"]!, (int)message["usage"]!["input_tokens"]! + (int)message["usage"]!["cache_read_input_tokens"]!);
    }

    [Theory]
    [InlineData("{", 400, "invalid_request_error", "invalid_json")]
    [InlineData("""{"model":"demo","messages":[{"role":"user","content":"Hi"}]}""", 400, "invalid_request_error", "missing_required_parameter")]
    [InlineData("""{"model":"nobody","max_tokens":4,"messages":[{"role":"user","content":"Hi"}]}""", 404, "not_found_error", "model_not_found")]
    [InlineData("""{"model":"demo","max_tokens":5000,"stream":true,"messages":[{"role":"user","content":"Hi"}]}""", 400, "invalid_request_error", "context_length_exceeded")]
    public async Task Errors_of_messages_have_their_own_body(string body, int status, string type, string code)
    {
        using var response = await server.Client.PostAsync(Messages, Api.Json(body), TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)response.StatusCode);
        Check(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), type, code);
    }

    [Fact]
    public async Task So_has_a_method_that_is_not_allowed()
    {
        using var response = await server.Client.GetAsync(Messages, TestContext.Current.CancellationToken);
        Assert.Equal(405, (int)response.StatusCode);
        Check(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), "invalid_request_error", "method_not_allowed");
    }

    [Fact]
    public async Task A_streamed_call_comes_in_the_events_of_a_block()
    {
        var body = JsonNode.Parse("""
            {"model":"demo","max_tokens":400,"temperature":0,"stream":true,"messages":[{"role":"user","content":"Hi"}],"tool_choice":{"type":"any"},
             "tools":[{"name":"now","input_schema":{"type":"object","properties":{}}}]}
            """)!;
        using var response = await server.Client.PostAsync(Messages, Api.Json(body.ToJsonString()), TestContext.Current.CancellationToken);
        var lines = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var names = lines.Where(line => line.StartsWith("event: ", StringComparison.Ordinal)).Select(line => line["event: ".Length..]).ToArray();
        var events = lines.Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => JsonNode.Parse(line["data: ".Length..])!).ToArray();
        Assert.Equal(names, events.Select(e => (string)e["type"]!));
        Assert.Equal(["message_start", "ping"], names[..2]);
        var start = events.First(e => (string?)e["type"] == "content_block_start");
        Assert.Equal(("tool_use", "now", 0), ((string)start["content_block"]!["type"]!, (string)start["content_block"]!["name"]!, (int)start["index"]!));
        var input = string.Concat(events.Where(e => (string?)e["type"] == "content_block_delta" && (int)e["index"]! == 0).Select(e => (string)e["delta"]!["partial_json"]!));
        Assert.Empty(JsonNode.Parse(input)!.AsObject());
        Assert.True((string?)events[^2]["delta"]!["stop_reason"] is "tool_use" or "max_tokens");
        Assert.Equal("message_stop", names[^1]);
    }

    private static void Check(string text, string type, string code)
    {
        var body = JsonNode.Parse(text)!;
        Assert.Equal(("error", type, code), ((string)body["type"]!, (string)body["error"]!["type"]!, (string)body["error"]!["code"]!));
        Assert.False(string.IsNullOrWhiteSpace((string?)body["error"]!["message"]));
    }
}
