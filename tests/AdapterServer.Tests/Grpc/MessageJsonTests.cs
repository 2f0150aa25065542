using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Grpc.Messages;
using AdapterServe.Protocol.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace AdapterServe.AdapterServer.Tests.Grpc;

/// <summary>gRPC's requests as the JSON that the REST interface reads.</summary>
public sealed class MessageJsonTests
{
    [Fact]
    public void A_completion_has_the_members_of_its_options_and_of_its_combination()
    {
        var request = new CompletionRequest
        {
            Model = "demo",
            Combination = new Combination { Combine = "stack", Adapters = { new Combination.Types.Part { Name = "a", Weight = 0.5 }, Nested() } },
            Prompt = { new Prompt { Text = "Ünïcode \"quoted\"" }, new Prompt { TokenIds = new TokenIds { Ids = { 1, 2 } } } },
            Echo = false,
            Options = new GenerationOptions { MaxTokens = 0, Temperature = 0.7f, Seed = long.MinValue, Logprobs = 2, LogitBias = { [7] = -1.5f }, Stop = { "x" }, More = More() },
        };
        const string Expected = """
            {"model":"demo","adapters":[{"name":"a","weight":0.5},{"adapters":[{"name":"b"},{"name":"c"}],"combine":"average"}],"combine":"stack",
             "prompt":["Ünïcode \"quoted\"",[1,2]],"echo":false,"max_tokens":0,"temperature":0.7,"logit_bias":{"7":-1.5},"seed":-9223372036854775808,"stop":["x"],"logprobs":2,
             "user":"me","deep":{"list":[1,null,true,{"a":"b"}]}}
            """;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Expected), Written(request)), Written(request).ToJsonString());
    }

    [Fact]
    public void A_chat_asks_for_logprobs_in_OpenAIs_two_fields()
    {
        var request = new ChatRequest
        {
            Model = "demo",
            Messages = { new ChatMessage { Role = "user", Content = string.Empty, ToolCalls = { new Struct { Fields = { ["id"] = Value.ForString("1") } } } } },
            Options = new GenerationOptions { Logprobs = 3, N = 2 },
        };
        const string Expected = """{"model":"demo","messages":[{"role":"user","content":"","tool_calls":[{"id":"1"}]}],"n":2,"logprobs":true,"top_logprobs":3}""";
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Expected), Written(request, isChat: true)));
    }

    [Fact]
    public void What_is_not_set_is_left_to_the_defaults() => Assert.Equal("{}", Written(new CompletionRequest()).ToJsonString());

    private static readonly Dictionary<string, GenerationOptions> s_unwritable = new()
    {
        ["not a number"] = new() { Temperature = float.NaN },
        ["infinite"] = new() { TopP = float.PositiveInfinity },
        ["infinite in a map"] = new() { LogitBias = { [1] = float.NegativeInfinity } },
        ["not a number further in"] = new() { More = new Struct { Fields = { ["x"] = Value.ForNumber(double.NaN) } } },
        ["twice"] = new() { MaxTokens = 1, More = new Struct { Fields = { ["max_tokens"] = Value.ForNumber(2) } } },
    };

    public static TheoryData<string> Unwritable => [.. s_unwritable.Keys];

    [Theory]
    [MemberData(nameof(Unwritable))]
    public void What_json_does_not_have_and_a_field_named_twice_are_refused(string what)
    {
        var error = Assert.Throws<ApiException>(() => MessageJson.Write(new CompletionRequest { Model = "demo", Options = s_unwritable[what] }));
        Assert.Equal(400, error.Status);
    }

    private static Combination.Types.Part Nested() =>
        new() { Combine = "average", Adapters = { new Combination.Types.Part { Name = "b" }, new Combination.Types.Part { Name = "c" } } };

    private static Struct More() => new()
    {
        Fields =
        {
            ["user"] = Value.ForString("me"),
            ["deep"] = Value.ForStruct(new Struct
            {
                Fields =
                {
                    ["list"] = Value.ForList(Value.ForNumber(1), Value.ForNull(), Value.ForBool(true), Value.ForStruct(new Struct { Fields = { ["a"] = Value.ForString("b") } })),
                },
            }),
        },
    };

    private static JsonObject Written(IMessage message, bool isChat = false)
    {
        using var document = MessageJson.Write(message, isChat);
        return JsonObject.Create(document.RootElement.Clone())!;
    }
}
