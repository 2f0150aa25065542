using System.Text;
using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Completions;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine.Models;
using AdapterServe.AdapterServer.Rest.Responses;
using AdapterServe.AdapterServer.Rest.Tokenize;

namespace AdapterServe.AdapterServer.Tests.Rest;

/// <summary>The table against the parsers; what only a running server can know is tested there.</summary>
public sealed class WrongRequestTests
{
    private static readonly ModelFacts Facts = new(1024, 1024, GenerationDefaults.None);

    /// <summary>Rows that need the model, the tokenizer or the default of max_tokens.</summary>
    private static readonly string[] NeedServer =
    [
        "an unknown model", "a model of another tenant", "a model that is a path", "too many sequences", "max_tokens beyond the context", "prompt text far beyond the context",
        "min_tokens above the default of max_tokens", "chat: max_completion_tokens beyond the context", "an unknown model in a chat", "an unknown model to tokenize",
        "an unknown adapter among adapters", "the base among adapters", "an adapter as model beside adapters", "an adapter from beyond the prompt",
    ];

    public static TheoryData<WrongRequest> Rows => [.. WrongRequests.All.Where(row => !NeedServer.Contains(row.Name))];

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_wrong_body_is_refused_with_its_own_code(WrongRequest row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var refusal = Assert.Throws<ApiException>(() => Parse(row.Path, row.Body));
        Assert.Equal((row.Status, row.Code, row.Param), (refusal.Status, refusal.Code, refusal.Param));
        Assert.EndsWith(".", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_has_sixty_rows_at_least_and_no_name_twice()
    {
        Assert.True(WrongRequests.All.Count >= 60);
        Assert.Equal(WrongRequests.All.Count, WrongRequests.All.Select(row => row.Name).Distinct().Count());
        Assert.All(NeedServer, name => Assert.Contains(WrongRequests.All, row => row.Name == name));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused()
    {
        var refusal = Assert.Throws<ApiException>(() => JsonBody.Parse(new byte[] { (byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}' }));
        Assert.Equal(ErrorCodes.InvalidJson, refusal.Code);
    }

    [Fact]
    public void Depth_64_is_taken()
    {
        var body = $$"""{"model":"demo","prompt":"a","x":{{new string('[', 63)}}{{new string(']', 63)}}}""";
        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(body));
        Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
    }

    private static void Parse(string path, string body)
    {
        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(body));
        if (path is "/v1/completions" or "/v1/chat/completions")
        {
            RequestedModel.Parse(new JsonFields(document.RootElement));
        }

        object parsed = path switch
        {
            "/v1/completions" => CompletionParser.Parse(document.RootElement, Facts),
            "/v1/chat/completions" => ChatParser.Parse(document.RootElement, Facts),
            "/v1/responses" => ResponseParser.Parse(document.RootElement),
            "/tokenize" => TokenizeParser.ParseTokenize(document.RootElement),
            "/detokenize" => TokenizeParser.ParseDetokenize(document.RootElement, Facts),
            _ => throw new InvalidOperationException(path),
        };
        Assert.NotNull(parsed);
    }
}
