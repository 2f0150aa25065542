using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

[Collection(SharedServerTests.Name)]
public sealed class OpenApiTests(SharedServer shared)
{
    private const string Json = "application/json";

    /// <summary>Every route, with the content types of its body.</summary>
    private static readonly string[] Routes =
    [
        "GET /livez", "GET /readyz", "GET /v1/models", "GET /v1/models/{id}",
        $"POST /v1/completions {Json}", $"POST /v1/chat/completions {Json}", $"POST /v1/responses {Json}", $"POST /v1/messages {Json}", $"POST /v1/messages/count_tokens {Json}",
        $"POST /tokenize {Json}", $"POST /detokenize {Json}",
        "GET /v1/adapters", "GET /v1/adapters/{name}", "DELETE /v1/adapters/{name}", "PUT /v1/adapters/{name} application/gzip application/x-tar application/zip multipart/form-data",
        "GET /v1/adapters/{name}/inspect", "GET /v1/adapters/{name}/versions", "GET /v1/adapters/{name}/versions/{version}", "DELETE /v1/adapters/{name}/versions/{version}",
        $"PUT /v1/adapters/{{name}}/aliases/{{alias}} {Json}", "DELETE /v1/adapters/{name}/aliases/{alias}",
        $"POST /v1/adapters:compose {Json}", "POST /v1/adapters/{name}:load", "POST /v1/adapters/{name}:unload", "POST /v1/adapters/{name}:pin",
        "POST /v1/adapters/{name}:fuse", "POST /v1/adapters/{name}:unfuse",
        "GET /v2", "GET /v2/health/live", "GET /v2/health/ready", "GET /v2/models/{name}", "GET /v2/models/{name}/ready", $"POST /v2/models/{{name}}/infer {Json}",
        "GET /v2/models/{name}/versions/{version}", "GET /v2/models/{name}/versions/{version}/ready", $"POST /v2/models/{{name}}/versions/{{version}}/infer {Json}",
        $"PATCH /v1/adapters/{{name}} {Json}", "POST /v1/adapters/{name}:restore", "POST /v1/adapters/{name}:verify", "GET /v1/adapters:events", "GET /v1/audit",
        $"POST / {Json}", $"POST /generate {Json}", $"POST /generate_stream {Json}", "GET /info", $"POST /v1/embeddings {Json}", $"POST /v1/load_lora_adapter {Json}", $"POST /v1/unload_lora_adapter {Json}",
        "OPTIONS /v1/uploads", "POST /v1/uploads", "GET /v1/uploads/{id}", "PATCH /v1/uploads/{id} application/offset+octet-stream", "DELETE /v1/uploads/{id}", "GET /v1/uploads/{id}:events",
        $"POST /v1/keys {Json}", "GET /v1/keys", "GET /v1/keys/{id}", "DELETE /v1/keys/{id}", $"POST /v1/keys/{{id}}:rotate {Json}",
        "GET /v1/tenants", "GET /v1/tenants/{tenant}", $"PUT /v1/tenants/{{tenant}} {Json}", "DELETE /v1/tenants/{tenant}", "GET /v1/usage",
    ];

    [Fact]
    public async Task The_description_has_every_route_with_its_body_and_no_other()
    {
        var document = await shared.Client.GetJsonAsync("/openapi/v1.json");
        Assert.Equal("AdapterServe", document["info"]!["title"]!.GetValue<string>());
        Assert.Equal(Routes.Order(StringComparer.Ordinal), Described(document).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Bodies_have_schemas_and_answers_the_names_that_answers_have()
    {
        var document = await shared.Client.GetJsonAsync("/openapi/v1.json");
        var chat = document["paths"]!["/v1/chat/completions"]!["post"]!["requestBody"]!["content"]![Json]!["schema"]!;
        Assert.Equal(["messages", "model"], chat["required"]!.AsArray().Select(name => name!.GetValue<string>()).Order());
        Assert.Equal("string", chat["properties"]!["model"]!["type"]!.GetValue<string>());
        Assert.Equal(["integer", "null"], chat["properties"]!["max_completion_tokens"]!["type"]!.AsArray().Select(type => type!.GetValue<string>()).Order());
        var usage = document["components"]!["schemas"]!["Usage"]!["properties"]!.AsObject();
        Assert.Equal("integer", usage["prompt_tokens"]!["type"]!.GetValue<string>());
        var answer = await shared.Client.PostAsync("/v1/completions", new JsonObject { ["model"] = "demo", ["prompt"] = "a", ["max_tokens"] = 1 });
        Assert.Equal(answer["usage"]!.AsObject().Select(member => member.Key).Order(), usage.Select(member => member.Key).Order());
    }

    private static IEnumerable<string> Described(JsonNode document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        let body = operation.Value!["requestBody"]?["content"]?.AsObject().Select(form => form.Key).Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>()
        select string.Join(' ', body.Prepend(path.Key).Prepend(operation.Key.ToUpperInvariant()));
}
