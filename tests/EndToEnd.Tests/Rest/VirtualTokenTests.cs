using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Virtual tokens and activations show in no list and no count of the API, only in what is computed.</summary>
[Collection(SharedServerTests.Name)]
public sealed class VirtualTokenTests(SharedServer shared) : IAsyncLifetime
{
    private const string Path = "/v1/completions";
    private const int Context = 1024;
    private const int VirtualTokens = 12;
    private static readonly string[] Adapters = ["polite-prompt", "doubt-prefix", "pirate-alora", "polite-adaption-prompt"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var name in Adapters)
        {
            using var response = await shared.Client.PutFilesAsync(name, Api.Files(Repository.Adapter(name)));
            Assert.True((int)response.StatusCode is 200 or 201, await response.Content.ReadAsStringAsync(Cancellation));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in Adapters)
        {
            using var response = await shared.Client.DeleteAsync("/v1/adapters/" + name, Cancellation);
        }
    }

    [Theory]
    [InlineData("polite-prompt")]
    [InlineData("doubt-prefix")]
    [InlineData("pirate-alora")]
    [InlineData("polite-adaption-prompt")]
    public async Task Every_list_and_count_is_of_the_text_alone(string name)
    {
        var golden = Golden.Read(name)[1];
        for (var round = 0; round < 2; round++)
        {
            var answer = await shared.Client.PostAsync(Path, new JsonObject
            {
                ["model"] = name, ["prompt"] = golden.Prompt, ["temperature"] = 0, ["max_tokens"] = golden.GreedyIds.Length, ["echo"] = true, ["logprobs"] = 2,
                ["prompt_logprobs"] = 1, ["return_token_ids"] = true, ["n"] = 2,
            });
            var usage = answer["usage"]!;
            Assert.Equal((golden.PromptIds.Length, 2 * golden.GreedyIds.Length), (usage["prompt_tokens"]!.GetValue<int>(), usage["completion_tokens"]!.GetValue<int>()));
            Assert.All(answer["choices"]!.AsArray(), choice =>
            {
                Assert.Equal(golden.Prompt + golden.GreedyText, choice!["text"]!.GetValue<string>());
                Assert.Equal(golden.PromptIds, Ints(choice["prompt_token_ids"]));
                Assert.Equal(golden.GreedyIds, Ints(choice["token_ids"]));
                Assert.Equal(golden.PromptIds.Length, choice["prompt_logprobs"]!.AsArray().Count);
                AssertClose([.. golden.PromptLogprobs, .. golden.GreedyLogprobs.Select(value => (double?)value)], choice["logprobs"]!["token_logprobs"]!.AsArray());
            });
        }
    }

    [Fact]
    public async Task Scoring_a_prompt_behind_virtual_tokens_generates_nothing()
    {
        var golden = Golden.Read("polite-prompt")[0];
        var answer = await shared.Client.PostAsync(
            Path, new JsonObject { ["model"] = "polite-prompt", ["prompt"] = golden.Prompt, ["max_tokens"] = 0, ["echo"] = true, ["logprobs"] = 0 });
        AssertClose(golden.PromptLogprobs, answer["choices"]![0]!["logprobs"]!["token_logprobs"]!.AsArray());
    }

    [Theory]
    [InlineData("polite-prompt")]
    [InlineData("doubt-prefix")]
    public async Task Virtual_tokens_take_their_part_of_the_context(string name)
    {
        var fits = Ids(Context - VirtualTokens - 4);
        var answer = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = name, ["prompt"] = fits, ["ignore_eos"] = true });
        Assert.Equal(4, answer["usage"]!["completion_tokens"]!.GetValue<int>());

        var tooLong = new JsonObject { ["model"] = name, ["prompt"] = Ids(Context - VirtualTokens - 4), ["max_tokens"] = 5 };
        using var response = await shared.Client.PostAsync(Path, Api.Json(tooLong.ToJsonString()), Cancellation);
        var error = await Api.ErrorAsync(response);
        Assert.Equal((400, "context_length_exceeded", "max_tokens"), ((int)response.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Contains("12 virtual ones", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cached_tokens_are_tokens_of_the_prompt()
    {
        var first = await CachedAsync("polite-prompt", Array(Enumerable.Range(700, 40)));
        var second = await CachedAsync("polite-prompt", Array(Enumerable.Range(700, 40)));
        Assert.Equal((0, 48 - VirtualTokens), (first, second));
    }

    [Fact]
    public async Task An_activated_adapter_finds_what_the_base_has_cached()
    {
        var golden = Golden.Read("pirate-alora")[2];
        await CachedAsync("demo", Array(golden.PromptIds));
        Assert.Equal((golden.PromptIds.Length - 2) / 16 * 16, await CachedAsync("pirate-alora", Array(golden.PromptIds)));
    }

    [Fact]
    public async Task The_description_names_what_stands_before_the_sequence()
    {
        var prompt = await shared.Client.GetJsonAsync("/v1/adapters/polite-prompt");
        Assert.Equal(("prompt_tuning", "soft_prompt", "exact"), (prompt["kind"]!.GetValue<string>(), prompt["forms"]![0]!.GetValue<string>(), prompt["exactness"]!.GetValue<string>()));
        var activated = await shared.Client.GetJsonAsync("/v1/adapters/pirate-alora");
        Assert.Equal("alora", activated["kind"]!.GetValue<string>());
    }

    private async Task<int> CachedAsync(string model, JsonArray prompt)
    {
        var answer = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = model, ["prompt"] = prompt, ["max_tokens"] = 1 });
        return answer["usage"]!["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>();
    }

    private static JsonArray Ids(int count) => Array(Enumerable.Range(0, count).Select(i => 100 + (i * 7 % 500)));

    private static JsonArray Array(IEnumerable<int> ids) => [.. ids.Select(id => (JsonNode)id)];

    private static int[] Ints(JsonNode? list) => [.. list!.AsArray().Select(value => value!.GetValue<int>())];

    private static void AssertClose(double?[] expected, JsonArray actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i] is null, actual[i] is null);
            Assert.Equal(expected[i] ?? 0, actual[i]?.GetValue<double>() ?? 0, Tolerances.GoldenLogProb);
        }
    }
}
