using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Load;

/// <summary>More work than fits, clients that go away, adapters that change meanwhile.</summary>
public sealed class OverloadTests
{
    private static readonly string[] Models = ["demo", "pirate", "json", "shout", "french", "robot", "yoda", "markdown", "polite"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_hundred_requests_on_room_for_four_all_end_right()
    {
        // Four sequences of the longest prompt and answer: 64 tokens are 4 blocks of 16.
        await using var server = await ServerProcess.StartAsync(["--kv-blocks", "16"]);
        var golden = Models.ToDictionary(model => model, model => Golden.Read(model == "demo" ? "base" : model + "-showcase")[1]);
        await Task.WhenAll(Enumerable.Range(0, 500).Select(async i =>
        {
            var model = Models[i % Models.Length];
            var expected = golden[model];
            var answer = await server.Client.PostAsync("/v1/completions", new JsonObject
            {
                ["model"] = model, ["prompt"] = expected.Prompt, ["temperature"] = 0, ["max_tokens"] = expected.GreedyIds.Length,
                    ["return_token_ids"] = true,
            });
            Assert.Equal(expected.GreedyIds, answer["choices"]![0]!["token_ids"]!.AsArray().Select(id => id!.GetValue<int>()));
        }));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Adapters_that_take_turns_in_a_cache_too_small_for_two_or_even_for_one_all_answer(string cacheMb)
    {
        // Each takes more than one MiB of memory.
        await using var server = await ServerProcess.StartAsync(["--adapter-cache-mb", cacheMb]);
        var golden = Models[1..4].ToDictionary(model => model, model => Golden.Read(model + "-showcase")[1]);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            var (model, expected) = golden.ElementAt(i % golden.Count);
            var answer = await server.Client.PostAsync("/v1/completions", new JsonObject
            {
                ["model"] = model, ["prompt"] = expected.Prompt, ["temperature"] = 0, ["max_tokens"] = expected.GreedyIds.Length,
                    ["return_token_ids"] = true,
            });
            Assert.Equal(expected.GreedyIds, answer["choices"]![0]!["token_ids"]!.AsArray().Select(id => id!.GetValue<int>()));
        }));
    }

    [Fact]
    public async Task A_full_queue_is_429_with_retry_after_and_clients_that_leave_make_room()
    {
        await using var server = await ServerProcess.StartAsync(["--no-demo", "--max-sequences", "1", "--queue-limit", "1"]);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var body = """{"model":"demo","prompt":"Once","max_tokens":1000,"ignore_eos":true,"stream":true}""";
        var held = new List<HttpResponseMessage>();
        for (var i = 0; i < 2; i++)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Api.Json(body) };
            held.Add(await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token));
        }

        // The stream's headers come with its first event, so the first request at least is inside; a third finds the queue full while both run.
        using var refused = await server.Client.PostAsync("/v1/completions", Api.Json("""{"model":"demo","prompt":"a","n":3}"""), Cancellation);
        Assert.Equal((429, "queue_full"), ((int)refused.StatusCode, (await Api.ErrorAsync(refused)).GetProperty("code").GetString()));
        Assert.NotNull(refused.Headers.RetryAfter);
        held.ForEach(response => response.Dispose());
        var answer = await server.Client.PostAsync("/v1/completions", new JsonObject { ["model"] = "demo", ["prompt"] = "Once", ["max_tokens"] = 4 });
        Assert.NotNull(answer["choices"]);
    }

    [Fact]
    public async Task Replacing_an_adapter_under_load_fails_nobody_and_nobody_gets_a_mixture()
    {
        await using var server = await ServerProcess.StartAsync(["--no-demo"]);
        string[] contents = ["pirate-showcase", "yoda-showcase"];
        var expected = contents.Select(name => Golden.Read(name)[1]).ToArray();
        await PutAsync(server, contents[0]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var seen = new int[2];
        using var answered = new SemaphoreSlim(0);
        var clients = Enumerable.Range(0, 8).Select(_ => Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    var answer = await server.Client.PostAsync("/v1/completions", new JsonObject
                    {
                        ["model"] = "swapped", ["prompt"] = expected[0].Prompt, ["temperature"] = 0, ["max_tokens"] = 40, ["return_token_ids"] = true,
                    });
                    var ids = answer["choices"]![0]!["token_ids"]!.AsArray().Select(id => id!.GetValue<int>()).ToArray();
                    var which = Array.FindIndex(expected, golden => golden.GreedyIds.SequenceEqual(ids));
                    Assert.True(which >= 0, "An answer of neither version.");
                    Interlocked.Increment(ref seen[which]);
                    answered.Release();
                }
            },
            Cancellation)).ToArray();
        for (var swap = 1; swap <= 20; swap++)
        {
            await PutAsync(server, contents[swap % 2]);
            // Eight clients: of sixteen further answers at least eight were asked for after the swap.
            for (var i = 0; i < 16; i++)
            {
                Assert.True(await answered.WaitAsync(TimeSpan.FromMinutes(1), Cancellation), "The clients have stopped.");
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        Assert.All(seen, count => Assert.True(count >= 80));
    }

    private static async Task PutAsync(ServerProcess server, string golden)
    {
        using var response = await server.Client.PutFilesAsync("swapped", Api.Files(Repository.Adapter(golden)));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }
}
