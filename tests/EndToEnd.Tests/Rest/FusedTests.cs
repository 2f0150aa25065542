using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Fused mode as clients see it.</summary>
public sealed class FusedTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fused_adapter_alone_is_served_shows_so_and_leaves_the_base_as_it_was()
    {
        await using var server = await ServerProcess.StartAsync(["--fusable"]);
        var (demo, robot) = (await LogProbsAsync(server, "demo"), await LogProbsAsync(server, "robot"));

        var fused = await server.Client.PostAsync("/v1/adapters/pirate:fuse", new JsonObject());
        Assert.Equal(("pirate", 1, true), (Text(fused["name"]), fused["version"]!.GetValue<int>(), fused["fused"]!.GetValue<bool>()));
        Assert.True(fused["switch_ms"]!.GetValue<double>() > 0);
        Assert.Equal(0, (await server.Client.PostAsync("/v1/adapters/pirate@1:fuse", new JsonObject()))["switch_ms"]!.GetValue<double>());
        foreach (var model in new[] { "demo", "robot" })
        {
            var error = await RefusedAsync(server, "/v1/completions", Request(model), 409, "adapter_fused");
            Assert.Contains("'pirate@1'", error, StringComparison.Ordinal);
            Assert.Contains("POST /v1/adapters/pirate:unfuse", error, StringComparison.Ordinal);
        }

        var mixture = Request("demo");
        mixture["adapters"] = new JsonArray(new JsonObject { ["name"] = "pirate", ["weight"] = 0.5 });
        await RefusedAsync(server, "/v1/completions", mixture, 409, "adapter_fused");
        foreach (var golden in Golden.Read("pirate-showcase").Take(3))
        {
            await CheckAsync(server, "pirate", "pirate-showcase", golden);
        }

        Assert.Equal("fused", Text((await server.Client.GetJsonAsync("/v1/adapters/pirate"))["state"]));
        var adapters = (await server.Client.GetJsonAsync("/v1/adapters"))["data"]!.AsArray();
        Assert.Equal(["pirate"], adapters.Where(one => Text(one!["state"]) == "fused").Select(one => Text(one!["name"])));
        var models = (await server.Client.GetJsonAsync("/v1/models"))["data"]!.AsArray();
        Assert.Equal(["pirate"], models.Where(one => one!["fused"] is not null).Select(one => Text(one!["id"])));

        await RefusedAsync(server, "/v1/adapters/robot:unfuse", new JsonObject(), 409, "not_fused");
        Assert.False((await server.Client.PostAsync("/v1/adapters/pirate:unfuse", new JsonObject()))["fused"]!.GetValue<bool>());
        Assert.Equal(demo, await LogProbsAsync(server, "demo"));
        Assert.Equal(robot, await LogProbsAsync(server, "robot"));
        Assert.Equal("ready", Text((await server.Client.GetJsonAsync("/v1/adapters/pirate"))["state"]));
        await RefusedAsync(server, "/v1/adapters/pirate:unfuse", new JsonObject(), 409, "not_fused");
    }

    [Fact]
    public async Task The_fused_version_can_not_be_deleted_and_a_newer_one_is_refused_until_it_is_fused_itself()
    {
        await using var server = await ServerProcess.StartAsync(["--fusable", "--no-demo"]);
        await PutAsync(server, "style", "pirate-lora");
        await server.Client.PostAsync("/v1/adapters/style:fuse", new JsonObject());
        using var delete = await server.Client.DeleteAsync("/v1/adapters/style", Cancellation);
        Assert.Equal((409, "adapter_fused"), ((int)delete.StatusCode, (await Api.ErrorAsync(delete)).GetProperty("code").GetString()));

        await PutAsync(server, "style", "polite-lora");
        await RefusedAsync(server, "/v1/completions", Request("style"), 409, "adapter_fused");
        using var older = await server.Client.DeleteAsync("/v1/adapters/style/versions/1", Cancellation);
        Assert.Equal((409, "adapter_fused"), ((int)older.StatusCode, (await Api.ErrorAsync(older)).GetProperty("code").GetString()));
        await CheckAsync(server, "style@1", "pirate-lora");

        Assert.Equal(2, (await server.Client.PostAsync("/v1/adapters/style:fuse", new JsonObject()))["version"]!.GetValue<int>());
        await CheckAsync(server, "style", "polite-lora");
        await RefusedAsync(server, "/v1/completions", Request("style@1"), 409, "adapter_fused");
        using var freed = await server.Client.DeleteAsync("/v1/adapters/style/versions/1", Cancellation);
        Assert.Equal(200, (int)freed.StatusCode);
    }

    [Fact]
    public async Task The_fused_versions_settings_change_its_state_can_be_asked_for_and_its_namesake_in_another_namespace_is_another()
    {
        await using var server = await ServerProcess.StartAsync(["--fusable", "--no-demo"]);
        await PutAsync(server, "style", "pirate-lora");
        await PutAsync(server, "shared%2Fstyle", "polite-lora");
        await server.Client.PostAsync("/v1/adapters/style:fuse", new JsonObject());
        using var patch = await server.Client.PatchAsync("/v1/adapters/style", Api.Json("""{"labels":{"team":"x"}}"""), Cancellation);
        var patched = JsonNode.Parse(await patch.Content.ReadAsStringAsync(Cancellation))!;
        Assert.Equal(("fused", "x"), (Text(patched["state"]), Text(patched["labels"]!["team"])));
        await CheckAsync(server, "style", "pirate-lora");

        Assert.Single((await server.Client.GetJsonAsync("/v1/adapters?state=fused"))["data"]!.AsArray());
        Assert.Empty((await server.Client.GetJsonAsync("/v1/adapters?state=ready"))["data"]!.AsArray());
        Assert.Equal("ready", Text((await server.Client.GetJsonAsync("/v1/adapters/shared%2Fstyle"))["state"]));
        Assert.Null((await server.Client.GetJsonAsync("/v1/models/shared%2Fstyle"))["fused"]);
        await RefusedAsync(server, "/v1/adapters/shared%2Fstyle:unfuse", new JsonObject(), 409, "not_fused");
        using var namesake = await server.Client.DeleteAsync("/v1/adapters/shared%2Fstyle", Cancellation);
        Assert.Equal(200, (int)namesake.StatusCode);
        using var own = await server.Client.DeleteAsync("/v1/adapters/default%2Fstyle", Cancellation);
        Assert.Equal((409, "adapter_fused"), ((int)own.StatusCode, (await Api.ErrorAsync(own)).GetProperty("code").GetString()));
        Assert.False((await server.Client.PostAsync("/v1/adapters/default%2Fstyle:unfuse", new JsonObject()))["fused"]!.GetValue<bool>());
    }

    [Fact]
    public async Task In_quarantine_the_fused_version_is_refused_until_it_is_sound_again_and_can_be_taken_out()
    {
        var data = Directory.CreateTempSubdirectory("adapterserve-e2e-").FullName;
        try
        {
            await using var server = await ServerProcess.StartAsync(["--fusable", "--no-demo"], data);
            await PutAsync(server, "style", "pirate-lora");
            await server.Client.PostAsync("/v1/adapters/style:fuse", new JsonObject());
            var file = Directory.EnumerateFiles(data, "adapter_model.safetensors", SearchOption.AllDirectories).Single();
            var sound = await File.ReadAllBytesAsync(file, Cancellation);
            await ReplaceAsync(file, sound[..^10]);
            Assert.Equal("quarantined", Text((await server.Client.PostAsync("/v1/adapters/style:verify", new JsonObject()))["state"]));
            await RefusedAsync(server, "/v1/completions", Request("style"), 422, "adapter_quarantined");
            await RefusedAsync(server, "/v1/completions", Request("demo"), 409, "adapter_fused");
            Assert.Equal("quarantined", Text((await server.Client.GetJsonAsync("/v1/adapters/style"))["state"]));
            Assert.DoesNotContain("style", (await server.Client.GetJsonAsync("/v1/models"))["data"]!.AsArray().Select(model => Text(model!["id"])));
            Assert.False((await server.Client.GetJsonAsync("/v2/models/style/ready"))["ready"]!.GetValue<bool>());

            await ReplaceAsync(file, sound);
            Assert.Equal("fused", Text((await server.Client.PostAsync("/v1/adapters/style:verify", new JsonObject()))["state"]));
            await CheckAsync(server, "style", "pirate-lora");
            await ReplaceAsync(file, sound[..^10]);
            await server.Client.PostAsync("/v1/adapters/style:verify", new JsonObject());
            Assert.False((await server.Client.PostAsync("/v1/adapters/style@1:unfuse", new JsonObject()))["fused"]!.GetValue<bool>());
            await LogProbsAsync(server, "demo");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Requests_that_run_end_unharmed_while_adapters_are_fused_and_taken_out()
    {
        await using var server = await ServerProcess.StartAsync(["--fusable", "--no-demo"]);
        await PutAsync(server, "style", "pirate-lora");
        var cases = Golden.Read("pirate-lora").Take(4).ToArray();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var clients = Enumerable.Range(0, 4).Select(client => Task.Run(async () =>
        {
            for (var i = client; !stop.IsCancellationRequested; i++)
            {
                await CheckAsync(server, "style", "pirate-lora", cases[i % cases.Length]);
            }
        })).ToArray();
        for (var round = 0; round < 6; round++)
        {
            await server.Client.PostAsync("/v1/adapters/style:fuse", new JsonObject());
            await server.Client.PostAsync("/v1/adapters/style:unfuse", new JsonObject());
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
    }

    [Fact]
    public async Task While_a_switch_waits_for_a_running_request_another_is_refused_and_requests_for_its_adapter_wait()
    {
        await using var server = await ServerProcess.StartAsync(["--fusable"]);
        var running = Request("demo");
        (running["max_tokens"], running["n"], running["ignore_eos"], running["stream"]) = (400, 8, true, true);
        using var stream = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Api.Json(running.ToJsonString()) };
        using var answer = await server.Client.SendAsync(stream, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal(200, (int)answer.StatusCode);

        var fuse = server.Client.PostAsync("/v1/adapters/pirate:fuse", new JsonObject());
        while (Text((await server.Client.GetJsonAsync("/v1/adapters/pirate"))["state"]) != "fused")
        {
            await Task.Yield();
        }

        await RefusedAsync(server, "/v1/adapters/robot:fuse", new JsonObject(), 409, "switch_running");
        await RefusedAsync(server, "/v1/adapters/pirate:unfuse", new JsonObject(), 409, "switch_running");
        Assert.False(fuse.IsCompleted);
        await CheckAsync(server, "pirate", "pirate-showcase");
        await fuse;
        var events = new List<string>();
        await foreach (var data in Api.ReadEventsAsync(await answer.Content.ReadAsStreamAsync(Cancellation)))
        {
            events.Add(data);
        }

        Assert.Equal(8, events.Count(data => data.Contains("\"finish_reason\":\"length\"", StringComparison.Ordinal)));
        Assert.Equal("[DONE]", events[^1]);
    }

    [Fact]
    public async Task A_crash_leaves_the_base_and_an_adapter_named_at_the_start_is_fused_before_the_first_request()
    {
        var data = Directory.CreateTempSubdirectory("adapterserve-e2e-").FullName;
        try
        {
            string[] before;
            await using (var first = await ServerProcess.StartAsync(["--fusable"], data))
            {
                before = await LogProbsAsync(first, "demo");
                await first.Client.PostAsync("/v1/adapters/pirate:fuse", new JsonObject());
                first.Kill();
                await first.ExitAsync(Tolerances.Ready);
            }

            await using (var second = await ServerProcess.StartAsync(["--fusable"], data))
            {
                Assert.Equal("ready", Text((await second.Client.GetJsonAsync("/v1/adapters/pirate"))["state"]));
                Assert.Equal(before, await LogProbsAsync(second, "demo"));
                second.Kill();
                await second.ExitAsync(Tolerances.Ready);
            }

            await using var dedicated = await ServerProcess.StartAsync(["--fused", "pirate"], data);
            await CheckAsync(dedicated, "pirate", "pirate-showcase");
            await RefusedAsync(dedicated, "/v1/completions", Request("demo"), 409, "adapter_fused");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task What_can_not_be_fused_is_refused_with_its_reason_and_a_server_that_fuses_nothing_says_how_to_start_it()
    {
        await using (var plain = await ServerProcess.StartAsync([]))
        {
            var off = await RefusedAsync(plain, "/v1/adapters/pirate:fuse", new JsonObject(), 409, "fused_mode_off");
            Assert.Contains("--fusable", off, StringComparison.Ordinal);
        }

        await using var server = await ServerProcess.StartAsync(["--fusable", "--no-demo"]);
        await RefusedAsync(server, "/v1/adapters/nobody:fuse", new JsonObject(), 404, "adapter_not_found");
        await PutAsync(server, "prefix", "doubt-prefix");
        var prefix = await RefusedAsync(server, "/v1/adapters/prefix:fuse", new JsonObject(), 422, "not_fusable");
        Assert.Contains("virtual tokens", prefix, StringComparison.Ordinal);
        await PutAsync(server, "bottleneck", "robot-hub-compacter");
        var bottleneck = await RefusedAsync(server, "/v1/adapters/bottleneck:fuse", new JsonObject(), 422, "not_fusable");
        Assert.Contains("by a bottleneck", bottleneck, StringComparison.Ordinal);
        await CheckAsync(server, "bottleneck", "robot-hub-compacter");
    }

    private static JsonObject Request(string model) => new()
    {
        ["model"] = model, ["prompt"] = Golden.Read("base")[0].Prompt, ["temperature"] = 0, ["max_tokens"] = 8, ["logprobs"] = 5,
    };

    private static async Task<string[]> LogProbsAsync(ServerProcess server, string model)
    {
        var choice = (await server.Client.PostAsync("/v1/completions", Request(model)))["choices"]![0]!;
        return [.. choice["logprobs"]!["token_logprobs"]!.AsArray().Select(value => value!.ToJsonString())];
    }

    private static Task CheckAsync(ServerProcess server, string model, string golden) => CheckAsync(server, model, golden, Golden.Read(golden)[0]);

    private static async Task CheckAsync(ServerProcess server, string model, string name, Golden golden)
    {
        var answer = await server.Client.PostAsync("/v1/completions", new JsonObject
        {
            ["model"] = model, ["prompt"] = golden.Prompt, ["temperature"] = 0, ["max_tokens"] = golden.GreedyIds.Length, ["return_token_ids"] = true,
        });
        var ids = answer["choices"]![0]!["token_ids"]!.AsArray().Select(id => id!.GetValue<int>()).ToArray();
        Assert.True(golden.GreedyIds.SequenceEqual(ids), $"{model} as {name}: {answer.ToJsonString()}");
    }

    private static async Task<string> RefusedAsync(ServerProcess server, string path, JsonNode body, int status, string code)
    {
        using var response = await server.Client.PostAsync(path, Api.Json(body.ToJsonString()), Cancellation);
        var error = await Api.ErrorAsync(response);
        Assert.Equal((status, code), ((int)response.StatusCode, error.GetProperty("code").GetString()));
        return error.GetProperty("message").GetString()!;
    }

    private static async Task PutAsync(ServerProcess server, string name, string golden)
    {
        using var response = await server.Client.PutFilesAsync(name, Api.Files(Repository.Adapter(golden)));
        Assert.True((int)response.StatusCode is 200 or 201, await response.Content.ReadAsStringAsync(Cancellation));
    }

    /// <summary>What reads the old content goes on doing so.</summary>
    private static async Task ReplaceAsync(string file, byte[] content)
    {
        await File.WriteAllBytesAsync(file + ".new", content, Cancellation);
        File.Move(file + ".new", file, overwrite: true);
    }

    private static string Text(JsonNode? node) => node!.GetValue<string>();
}
