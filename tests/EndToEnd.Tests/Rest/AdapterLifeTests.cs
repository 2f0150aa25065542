using System.Net;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Deleting and restoring, labels, splits, conditions, the log and the events, over the wire.</summary>
[Collection(SharedServerTests.Name)]
public sealed class AdapterLifeTests(SharedServer shared) : IAsyncLifetime
{
    private static int s_tests;

    // Numbers of versions go on after a deletion, so each test has a name of its own.
    private readonly string _name = $"life-{Interlocked.Increment(ref s_tests)}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private HttpClient Client => shared.Client;

    public async ValueTask InitializeAsync()
    {
        foreach (var content in new[] { "pirate-lora", "polite-lora" })
        {
            using var put = await Client.PutFilesAsync(_name, Api.Files(Repository.Adapter(content)));
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var response = await Client.DeleteAsync("/v1/adapters/" + _name, Cancellation);
        using var common = await Client.DeleteAsync("/v1/adapters/shared%2Fcommon", Cancellation);
    }

    [Fact]
    public async Task A_deleted_adapter_is_404_and_comes_back()
    {
        var before = await Client.GetJsonAsync("/v1/adapters/" + _name);
        using var deleted = await Client.DeleteAsync("/v1/adapters/" + _name, Cancellation);
        using var gone = await Client.GetAsync("/v1/adapters/" + _name, Cancellation);
        Assert.Equal((200, 404), ((int)deleted.StatusCode, (int)gone.StatusCode));
        Assert.Contains(_name, Names(await Client.GetJsonAsync("/v1/adapters?state=deleted")));
        var restored = await Client.PostAsync($"/v1/adapters/{_name}:restore", new JsonObject());
        Assert.Equal(Text(before["digest"]), Text(restored["digest"]));
        Assert.Equal(2, (await Client.GetJsonAsync($"/v1/adapters/{_name}/versions"))["data"]!.AsArray().Count);
        using var again = await Client.PostAsync($"/v1/adapters/{_name}:restore", null, Cancellation);
        Assert.Equal((409, "adapter_exists"), await CodeAsync(again));
        using var never = await Client.PostAsync("/v1/adapters/life-never:restore", null, Cancellation);
        Assert.Equal((404, "adapter_not_found"), await CodeAsync(never));
    }

    [Fact]
    public async Task Labels_and_pins_are_patched_on_a_condition_and_lists_filter_by_them()
    {
        var revision = (await Client.GetJsonAsync("/v1/adapters/" + _name))["revision"]!.GetValue<long>();
        var patched = await PatchAsync("""{"labels":{"team":"search","stage":"try"},"priority":5}""", $"\"r{revision}\"");
        Assert.Equal(200, (int)patched.StatusCode);
        var body = JsonNode.Parse(await patched.Content.ReadAsStringAsync(Cancellation))!;
        Assert.Equal(("search", 5, false), (Text(body["labels"]!["team"]), body["priority"]!.GetValue<int>(), body["pinned"]!.GetValue<bool>()));
        Assert.Equal([_name], Names(await Client.GetJsonAsync("/v1/adapters?label=team=search&label=stage&kind=lora&prefix=li&state=ready&limit=5")));
        Assert.Empty(Names(await Client.GetJsonAsync("/v1/adapters?label=team=other")));
        Assert.Equal((412, "digest_mismatch"), await CodeAsync(await PatchAsync("""{"pinned":true}""", $"r{revision}")));
        Assert.Equal((400, "invalid_type"), await CodeAsync(await PatchAsync("""{"labels":{"team":1}}""")));
        Assert.Equal((400, "invalid_label"), await CodeAsync(await PatchAsync("""{"labels":{"te am":"x"}}""")));
        Assert.Equal((400, "invalid_type"), await CodeAsync(await PatchAsync("""{"pinned":"yes"}""")));
    }

    [Fact]
    public async Task A_split_gives_every_user_one_version()
    {
        using var put = await Client.PutAsync(
            $"/v1/adapters/{_name}/aliases/canary", Api.Json("""{"versions":[{"version":1,"weight":50},{"version":2,"weight":50}]}"""), Cancellation);
        Assert.Equal(200, (int)put.StatusCode);
        var golden = Golden.Read("pirate-lora")[0];
        var answers = new List<string>();
        for (var user = 0; user < 12; user++)
        {
            var first = await AnswerAsync(golden.Prompt, $"user-{user}");
            Assert.Equal(first, await AnswerAsync(golden.Prompt, $"user-{user}"));
            answers.Add(first);
        }

        // Twelve keys on one side of an even split would be the outcome of one in two thousand choices of keys; these are fixed.
        Assert.Equal(2, answers.Distinct().Count());
        foreach (var (wrong, code) in new[]
        {
            ("""{"versions":[]}""", "invalid_value"), ("""{"versions":[{"version":1}]}""", "missing_required_parameter"), ("""{"versions":[{"version":1,"weight":0}]}""", "invalid_value"),
            ("""{"versions":[{"version":1,"weight":1},{"version":1,"weight":1}]}""", "invalid_split"), ("""{"version":1,"versions":[]}""", "invalid_value"), ("""{}""", "missing_required_parameter"),
        })
        {
            using var refused = await Client.PutAsync($"/v1/adapters/{_name}/aliases/canary", Api.Json(wrong), Cancellation);
            Assert.Equal((400, code), await CodeAsync(refused));
        }
    }

    [Fact]
    public async Task Without_a_user_the_requests_id_decides_and_the_open_inference_protocol_says_which_version_answered()
    {
        using var put = await Client.PutAsync(
            $"/v1/adapters/{_name}/aliases/canary", Api.Json("""{"versions":[{"version":1,"weight":50},{"version":2,"weight":50}]}"""), Cancellation);
        Assert.Equal(200, (int)put.StatusCode);
        var versions = new List<string>();
        for (var i = 0; i < 12; i++)
        {
            var version = await VersionAsync(null, $"request-{i}");
            Assert.Equal(version, await VersionAsync(null, $"request-{i}"));
            Assert.Equal(version, await VersionAsync($"request-{i}", "another"));
            versions.Add(version);
        }

        Assert.Equal(["1", "2"], versions.Distinct().Order());
    }

    [Fact]
    public async Task The_log_is_paged_and_the_events_go_on_where_a_client_left_off()
    {
        var log = await Client.GetJsonAsync($"/v1/audit?name={_name}&action=put&limit=1");
        Assert.True(log["has_more"]!.GetValue<bool>());
        var entry = Assert.Single(log["data"]!.AsArray())!;
        Assert.Equal(("default", "put", "ok"), (Text(entry["actor"]), Text(entry["action"]), Text(entry["outcome"])));
        var id = entry["id"]!.GetValue<long>();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/adapters:events");
        request.Headers.Add("Last-Event-ID", $"{id}");
        using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        using var patched = await PatchAsync("""{"labels":{"seen":"yes"}}""");
        var events = new List<(long Id, string Event, JsonNode Data)>();
        while (!events.Any(seen => seen.Event == "update" && Text(seen.Data["name"]) == _name))
        {
            events.Add(await EventAsync(reader));
        }

        Assert.True(events[0].Id > id && events.Zip(events.Skip(1)).All(pair => pair.First.Id < pair.Second.Id));
        using var wrong = await Client.GetAsync("/v1/audit?after=x", Cancellation);
        Assert.Equal((400, "invalid_value"), await CodeAsync(wrong));
    }

    [Fact]
    public async Task Shared_adapters_are_listed_and_used_by_their_full_name()
    {
        using var put = await Client.PutFilesAsync("shared%2Fcommon", Api.Files(Repository.Adapter("pirate-lora")));
        Assert.Equal(201, (int)put.StatusCode);
        Assert.Equal(["common"], Names(await Client.GetJsonAsync("/v1/adapters?namespace=shared")));
        Assert.DoesNotContain("common", Names(await Client.GetJsonAsync("/v1/adapters")));
        var golden = Golden.Read("pirate-lora")[0];
        Assert.Equal(golden.GreedyText, await AnswerAsync(golden.Prompt, null, "shared/common", golden.GreedyIds.Length));
        using var foreign = await Client.GetAsync("/v1/adapters?namespace=other", Cancellation);
        Assert.Equal((400, "invalid_value"), await CodeAsync(foreign));
    }

    [Fact]
    public async Task A_version_is_verified_again()
    {
        var verified = await Client.PostAsync($"/v1/adapters/{_name}@1:verify", new JsonObject());
        Assert.Equal(("ready", 1), (Text(verified["state"]), verified["version"]!.GetValue<int>()));
        using var missing = await Client.PostAsync($"/v1/adapters/{_name}@9:verify", null, Cancellation);
        Assert.Equal((404, "adapter_not_found"), await CodeAsync(missing));
    }

    private static async Task<(long Id, string Event, JsonNode Data)> EventAsync(StreamReader reader)
    {
        var (id, name) = (0L, string.Empty);
        while (await reader.ReadLineAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = long.Parse(line[4..], System.Globalization.CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return (id, name, JsonNode.Parse(line[6..])!);
            }
        }

        throw new InvalidOperationException("The stream ended.");
    }

    private static IEnumerable<string> Names(JsonNode list) => list["data"]!.AsArray().Select(adapter => Text(adapter!["name"]));

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static async Task<(int Status, string? Code)> CodeAsync(HttpResponseMessage response) =>
        ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString());

    private async Task<HttpResponseMessage> PatchAsync(string body, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, "/v1/adapters/" + _name) { Content = Api.Json(body) };
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return await Client.SendAsync(request, Cancellation);
    }

    /// <summary>Of the alias, the one that answers.</summary>
    private async Task<string> VersionAsync(string? user, string requestId)
    {
        var prompt = new JsonObject { ["name"] = "text_input", ["datatype"] = "BYTES", ["shape"] = new JsonArray(1), ["data"] = new JsonArray("Once") };
        var body = new JsonObject
        {
            ["inputs"] = new JsonArray(prompt),
            ["parameters"] = new JsonObject { ["max_tokens"] = 1, ["user"] = user },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{_name}@canary/infer") { Content = Api.Json(body.ToJsonString()) };
        request.Headers.Add("X-Request-Id", requestId);
        using var response = await Client.SendAsync(request, Cancellation);
        return Text(JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!["model_version"]);
    }

    private async Task<string> AnswerAsync(string prompt, string? user, string? model = null, int maxTokens = 12)
    {
        var answer = await Client.PostAsync("/v1/completions", new JsonObject { ["model"] = model ?? _name + "@canary", ["prompt"] = prompt, ["temperature"] = 0, ["max_tokens"] = maxTokens, ["user"] = user });
        return Text(answer["choices"]![0]!["text"]);
    }
}
