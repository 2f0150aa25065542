using System.Net;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Answers of a given form, asked for in each of the ways that clients know.</summary>
[Collection(SharedServerTests.Name)]
public sealed class StructuredAnswerTests(SharedServer server)
{
    private const string Chat = "/v1/chat/completions";

    [Fact]
    public async Task A_chat_with_a_schema_answers_with_its_document()
    {
        var body = Body("""{"response_format":{"type":"json_schema","json_schema":{"name":"a","strict":true,"schema":{"type":"object","properties":{"place":{"type":"integer","minimum":1,"maximum":3}},"required":["place"],"additionalProperties":false}}},"temperature":1,"seed":4,"n":3}""");
        var answer = await server.Client.PostAsync(Chat, body);
        foreach (var choice in answer["choices"]!.AsArray())
        {
            Assert.Equal("stop", (string?)choice!["finish_reason"]);
            var document = JsonNode.Parse((string)choice["message"]!["content"]!)!.AsObject();
            Assert.Equal("place", Assert.Single(document).Key);
            Assert.InRange((int)document["place"]!, 1, 3);
        }
    }

    [Theory]
    [InlineData("""{"guided_regex":"(Arr|Ahoy), [a-z]{2,5}!"}""", "^(Arr|Ahoy), [a-z]{2,5}!$")]
    [InlineData("""{"guided_choice":["mirror","oyster"]}""", "^(mirror|oyster)$")]
    [InlineData("""{"guided_grammar":"root ::= \"no, \" root | \"yes\""}""", "^(no, )*yes$")]
    [InlineData("""{"structured_outputs":{"json":{"enum":["red",7]}}}""", "^(\"red\"|7)$")]
    public async Task A_stream_is_of_the_form_that_was_asked_for(string form, string expected)
    {
        var body = Body(form);
        body["stream"] = true;
        var events = await server.Client.StreamAsync(Chat, body);
        Assert.Matches(expected, string.Concat(events.Select(e => (string?)e["choices"]![0]!["delta"]!["content"])));
    }

    [Fact]
    public async Task An_answer_of_an_adapter_is_held_to_the_form_too()
    {
        var body = Body("""{"guided_regex":"[0-9]{3}"}""");
        body["model"] = "pirate";
        Assert.Matches("^[0-9]{3}$", (string)(await server.Client.PostAsync(Chat, body))["choices"]![0]!["message"]!["content"]!);
    }

    [Fact]
    public async Task A_form_that_can_not_be_held_to_is_refused_by_name()
    {
        using var response = await server.Client.PostAsync(Chat, Api.Json(Body("""{"guided_json":{"type":"integer","multipleOf":3}}""").ToJsonString()), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var error = await Api.ErrorAsync(response);
        Assert.Equal(("unsupported_structure", "guided_json"), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Contains("'multipleOf'", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static JsonObject Body(string form)
    {
        var body = JsonNode.Parse(form)!.AsObject();
        body["model"] = "demo";
        body["messages"] = JsonNode.Parse("""[{"role":"user","content":"Which comes first in the list mirror, yogurt, oyster?"}]""");
        body["temperature"] ??= 0;
        return body;
    }
}
