using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Several adapters in one request, and merges that are stored.</summary>
[Collection(SharedServerTests.Name)]
public sealed class CompositionTests(SharedServer shared) : IAsyncLifetime
{
    private const string Completions = "/v1/completions";
    private const string Prompt = "<|user|>\nWhich comes first in the list mirror, yogurt, oyster?<|end|>\n<|assistant|>\n";
    private static readonly string[] Names = ["both", "both-ties", "scaled", "plain-pirate", "plain-polite"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var (name, golden) in new[] { ("plain-pirate", "pirate-lora"), ("plain-polite", "polite-lora") })
        {
            using var response = await shared.Client.PutFilesAsync(name, Api.Files(Repository.Adapter(golden)));
            Assert.True(response.IsSuccessStatusCode);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in Names)
        {
            using var response = await shared.Client.DeleteAsync("/v1/adapters/" + name, Cancellation);
        }
    }

    [Fact]
    public async Task A_sum_in_a_request_is_the_stored_sum()
    {
        var adapters = """[{"name":"plain-pirate","weight":0.7},{"name":"plain-polite","weight":0.3}]""";
        var summed = await CompleteAsync("demo", adapters);
        using var created = await ComposeAsync($$"""{"name":"both","adapters":{{adapters}}}""");
        Assert.Equal(201, (int)created.StatusCode);
        var descriptor = await BodyAsync(created);
        Assert.Equal(("both", 1, "lora"), (Text(descriptor["name"]), descriptor["version"]!.GetValue<int>(), Text(descriptor["kind"])));
        Assert.Equal($"\"{Text(descriptor["digest"])}\"", created.Headers.ETag!.Tag);
        Assert.Equal("/v1/adapters/both/versions/1", created.Headers.Location!.ToString());

        AssertSame(summed, await CompleteAsync("both", null));
        AssertSame(summed, await CompleteAsync("demo", """[{"name":"both"}]"""));
        using var again = await ComposeAsync($$"""{"name":"both","adapters":{{adapters}},"combine":"cat"}""");
        Assert.Equal((200, 1), ((int)again.StatusCode, (await BodyAsync(again))["version"]!.GetValue<int>()));
    }

    [Fact]
    public async Task A_merge_in_a_request_is_the_stored_merge()
    {
        const string Merge = """[{"name":"plain-pirate"},{"name":"plain-polite"}],"combine":"ties","density":0.5""";
        using var created = await ComposeAsync($$"""{"name":"both-ties","adapters":{{Merge}}}""");
        Assert.Equal(201, (int)created.StatusCode);
        AssertSame(await CompleteAsync("demo", Merge), await CompleteAsync("both-ties", null));
    }

    [Fact]
    public async Task One_adapter_of_weight_1_is_the_adapter_and_of_weight_0_the_base()
    {
        AssertSame(await CompleteAsync("pirate", null), await CompleteAsync("demo", """[{"name":"pirate"}]"""));
        AssertSame(await CompleteAsync("demo", null), await CompleteAsync("demo", """[{"name":"pirate","weight":0}]"""));
    }

    [Fact]
    public async Task Spans_of_the_prompt_have_adapters_of_their_own()
    {
        var pirate = await CompleteAsync("pirate", null);
        AssertSame(pirate, await CompleteAsync("demo", """[{"name":"yoda","from_token":0,"weight":0},{"name":"pirate","from_token":0}]"""));
        var later = await CompleteAsync("demo", """[{"name":"pirate","from_token":5}]""");
        var handed = await CompleteAsync("demo", """[{"name":"yoda"},{"name":"demo","from_token":2},{"name":"pirate","from_token":5}]""");
        Assert.NotEqual(Values(later), Values(pirate));
        Assert.NotEqual(Values(later), Values(handed));
    }

    [Fact]
    public async Task Chats_take_adapters_too()
    {
        var chat = await shared.Client.PostAsync("/v1/chat/completions", JsonNode.Parse(
            """{"model":"demo","messages":[{"role":"user","content":"Which comes first in the list mirror, yogurt, oyster?"}],"adapters":[{"name":"pirate","weight":0.7},{"name":"shout","weight":0.3}],"temperature":0,"max_tokens":20}""")!);
        Assert.Equal(Text((await CompleteAsync("demo", """[{"name":"pirate","weight":0.7},{"name":"shout","weight":0.3}]"""))["text"]), Text(chat["choices"]![0]!["message"]!["content"]));
    }

    [Fact]
    public async Task Adapters_with_heads_of_their_own_are_summed_but_not_merged()
    {
        var half = await CompleteAsync("demo", """[{"name":"pirate","weight":0.5},{"name":"shout","weight":0.5}]""");
        AssertSame(half, await CompleteAsync("demo", """[{"name":"pirate","weight":0.25},{"name":"shout","weight":0.5},{"name":"pirate","weight":0.25}]"""));
        using var refused = await ComposeAsync("""{"name":"scaled","adapters":[{"name":"pirate"},{"name":"shout"}]}""");
        Assert.Equal((422, "merge_form"), ((int)refused.StatusCode, (await Api.ErrorAsync(refused)).GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData("""{"adapters":[{"name":"pirate"}]}""", 400, "missing_required_parameter")]
    [InlineData("""{"name":"scaled"}""", 400, "missing_required_parameter")]
    [InlineData("""{"name":"demo","adapters":[{"name":"pirate"}]}""", 422, "name_is_base")]
    [InlineData("""{"name":"Scaled!","adapters":[{"name":"pirate"}]}""", 400, "invalid_name")]
    [InlineData("""{"name":"scaled","adapters":[{"name":"nobody"}]}""", 404, "model_not_found")]
    [InlineData("""{"name":"scaled","adapters":[{"name":"pirate","from_token":4}]}""", 400, "invalid_value")]
    [InlineData("""{"name":"scaled","adapters":[{"name":"demo"}]}""", 400, "invalid_value")]
    public async Task What_can_not_be_composed_is_refused(string body, int status, string code)
    {
        using var response = await ComposeAsync(body);
        Assert.Equal((status, code), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
        using var listed = await shared.Client.GetAsync("/v1/adapters/scaled", Cancellation);
        Assert.Equal(404, (int)listed.StatusCode);
    }

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static double[] Values(JsonNode choice) => [.. choice["logprobs"]!["token_logprobs"]!.AsArray().Select(value => value!.GetValue<double>())];

    private static void AssertSame(JsonNode expected, JsonNode actual)
    {
        Assert.Equal(Text(expected["text"]), Text(actual["text"]));
        Assert.All(Values(expected).Zip(Values(actual)), pair => Assert.Equal(pair.First, pair.Second, Tolerances.GoldenLogProb));
    }

    private static async Task<JsonNode> BodyAsync(HttpResponseMessage response) => JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;

    private Task<HttpResponseMessage> ComposeAsync(string body) => shared.Client.PostAsync("/v1/adapters:compose", Api.Json(body), Cancellation);

    private async Task<JsonNode> CompleteAsync(string model, string? adapters)
    {
        var body = new JsonObject { ["model"] = model, ["prompt"] = Prompt, ["temperature"] = 0, ["max_tokens"] = 20, ["logprobs"] = 1 };
        if (adapters is not null)
        {
            foreach (var (name, value) in JsonNode.Parse($$"""{"adapters":{{adapters}}}""")!.AsObject())
            {
                body[name] = value!.DeepClone();
            }
        }

        return (await shared.Client.PostAsync(Completions, body))["choices"]![0]!;
    }
}
