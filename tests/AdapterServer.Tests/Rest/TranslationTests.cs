using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Messages;
using AdapterServe.AdapterServer.Rest.Responses;

namespace AdapterServe.AdapterServer.Tests.Rest;

/// <summary>Responses and messages in the words of chats.</summary>
public sealed class TranslationTests
{
    [Fact]
    public void A_response_is_a_chat_with_the_same_tools_and_turns()
    {
        const string body = """
            {"model":"m","instructions":"Be brief.","max_output_tokens":9,"temperature":0.5,"adapters":[{"name":"a"}],"n":4,"store":true,"parallel_tool_calls":false,
             "input":[{"role":"user","content":[{"type":"input_text","text":"Hi"}]},{"type":"reasoning","id":"r"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Well"}]},
              {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call","call_id":"c2","name":"g","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"1"}],
             "tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":true}],"tool_choice":{"type":"function","name":"f"},
             "text":{"format":{"type":"json_schema","name":"x","schema":{"type":"integer"}}}}
            """;
        const string chat = """
            {"model":"m","temperature":0.5,"adapters":[{"name":"a"}],"parallel_tool_calls":false,
             "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hi"}]},
              {"role":"assistant","content":[{"type":"text","text":"Well"}],"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]},
              {"role":"tool","content":"1","tool_call_id":"c1"}],
             "max_completion_tokens":9,"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"integer"}}},
             "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"},"strict":true}}],"tool_choice":{"type":"function","function":{"name":"f"}}}
            """;
        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(body));
        Same(chat, ResponseParser.Parse(document.RootElement).Chat);
    }

    [Fact]
    public void A_message_is_a_chat_with_the_same_tools_and_turns()
    {
        const string body = """
            {"model":"m","max_tokens":9,"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],"top_k":5,"stop_sequences":["x"],"metadata":{"user_id":"u"},"adapters":[{"name":"a"}],
             "messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"…","signature":""},{"type":"text","text":"Well"},{"type":"tool_use","id":"c1","name":"f","input":{"a":1}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"1"}]},{"type":"text","text":"Go on"}]}],
             "tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true},
             "output_config":{"format":{"type":"json_schema","schema":{"type":"integer"}}}}
            """;
        const string chat = """
            {"model":"m","top_k":5,"adapters":[{"name":"a"}],
             "messages":[{"role":"system","content":[{"type":"text","text":"Be brief."}]},{"role":"user","content":[{"type":"text","text":"Hi"}]},
              {"role":"assistant","content":[{"type":"text","text":"Well"}],"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":{"a":1}}}]},
              {"role":"tool","content":[{"type":"text","text":"1"}],"tool_call_id":"c1"},{"role":"user","content":[{"type":"text","text":"Go on"}]}],
             "max_tokens":9,"stop":["x"],"user":"u","response_format":{"type":"json_schema","json_schema":{"schema":{"type":"integer"}}},
             "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}],"tool_choice":"required","parallel_tool_calls":false}
            """;
        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(body));
        Same(chat, MessageParser.Parse(document.RootElement, isCounted: false));
    }

    [Theory]
    [InlineData("\"max_tokens\":null", "missing_required_parameter", "max_tokens")]
    [InlineData("\"max_tokens\":0", "invalid_value", "max_tokens")]
    [InlineData("\"messages\":null", "missing_required_parameter", "messages")]
    [InlineData("\"messages\":[]", "invalid_value", "messages")]
    [InlineData("\"messages\":[5]", "invalid_type", "messages[0]")]
    [InlineData("\"messages\":[{\"role\":\"system\",\"content\":\"a\"}]", "invalid_value", "messages[0].role")]
    [InlineData("\"messages\":[{\"role\":\"user\"}]", "missing_required_parameter", "messages[0].content")]
    [InlineData("\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\"}]}]", "unsupported_parameter", "messages[0].content[0].type")]
    [InlineData("\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\"}]}]", "missing_required_parameter", "messages[0].content[0].tool_use_id")]
    [InlineData("\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"}]", "unsupported_parameter", "messages[0]")]
    [InlineData("\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":\"\"}]},{\"role\":\"user\",\"content\":\"a\"}]", "invalid_type", "messages[0].content[0].input")]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}", "unsupported_parameter", "thinking")]
    [InlineData("\"stop_sequences\":\"a\"", "invalid_type", "stop_sequences")]
    [InlineData("\"tools\":[{\"type\":\"bash_20250124\",\"name\":\"bash\"}]", "unsupported_parameter", "tools[0].type")]
    [InlineData("\"tools\":[{\"name\":\"f\"}]", "missing_required_parameter", "tools[0].input_schema")]
    [InlineData("\"tool_choice\":{\"type\":\"all\"}", "invalid_value", "tool_choice.type")]
    [InlineData("\"mcp_servers\":[{}]", "unsupported_parameter", "mcp_servers")]
    public void What_a_message_can_not_say_is_refused_by_name(string field, string code, string param)
    {
        var body = JsonNode.Parse("""{"model":"demo","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}""")!.AsObject();
        foreach (var (name, value) in JsonNode.Parse($"{{{field}}}")!.AsObject())
        {
            body[name] = value?.DeepClone();
        }

        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(body.ToJsonString()));
        var refusal = Assert.Throws<ApiException>(() => MessageParser.Parse(document.RootElement, isCounted: false));
        Assert.Equal((code, param), (refusal.Code, refusal.Param));
    }

    private static void Same(string expected, JsonObject actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual.ToJsonString())), actual.ToJsonString());
}
