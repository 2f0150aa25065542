using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;
using AdapterServe.Tests.Postgres;
using AdapterServe.Tests.S3;

namespace AdapterServe.EndToEnd.Tests.Lifecycle;

/// <summary>Two server processes on one PostgreSQL and one S3 server that fails and stalls.</summary>
public sealed class BucketReplicaTests : IAsyncLifetime
{
    private readonly PostgresServer _postgres = new();
    private readonly S3Server _s3 = new();
    private S3Gate _gate = null!;
    private ServerProcess _here = null!;
    private ServerProcess _there = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _gate = new S3Gate(_s3);
        var (registry, blobs) = (_postgres.NewRegistry(), S3Server.NewAddress());
        _here = await StartAsync(registry, blobs);
        _there = await StartAsync(registry, blobs);
    }

    public async ValueTask DisposeAsync()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
        _gate.Dispose();
        _s3.Dispose();
        _postgres.Dispose();
    }

    [Theory]
    [InlineData(GateMode.Failing)]
    [InlineData(GateMode.Stalling)]
    public async Task What_is_uploaded_at_one_serves_at_the_other_and_an_outage_loses_nothing(GateMode outage)
    {
        var (pirate, polite) = (Golden.Read("pirate-lora")[0], Golden.Read("polite-lora")[0]);
        await PutAsync(_here, "a", "pirate-lora");
        Assert.Equal(pirate.GreedyIds, await AnswerAsync(_there, "a", pirate));
        await PutAsync(_there, "b", "polite-lora");
        _gate.Set(outage);
        Assert.Equal(pirate.GreedyIds, await AnswerAsync(_here, "a", pirate));
        Assert.Equal(pirate.GreedyIds, await AnswerAsync(_there, "a", pirate));
        Assert.Equal(polite.GreedyIds, await AnswerAsync(_there, "b", polite));
        using var refused = await _here.Client.PutFilesAsync("c", [.. Api.Files(Repository.Adapter("polite-lora")), ("n.txt", [1])]);
        await AssertAwayAsync(refused);
        using var unknown = await _here.Client.PostAsync("/v1/completions", Api.Json("""{"model": "b", "prompt": "x", "max_tokens": 1}"""), Cancellation);
        await AssertAwayAsync(unknown);
        _gate.Set(GateMode.Open);
        Assert.Equal(polite.GreedyIds, await AnswerAsync(_here, "b", polite));
        await PutAsync(_here, "c", "polite-lora");
        Assert.Equal(polite.GreedyIds, await AnswerAsync(_there, "c", polite));
        await AgreeAsync();
    }

    private static async Task PutAsync(ServerProcess server, string name, string adapter)
    {
        using var created = await server.Client.PutFilesAsync(name, Api.Files(Repository.Adapter(adapter)));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
    }

    private static async Task AssertAwayAsync(HttpResponseMessage response)
    {
        Assert.Equal((503, "blobs_unavailable"), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
        Assert.True(response.Headers.RetryAfter!.Delta > TimeSpan.Zero);
    }

    private static async Task<IEnumerable<int>> AnswerAsync(ServerProcess server, string model, Golden golden)
    {
        var answer = await server.Client.PostAsync("/v1/completions", new JsonObject
        {
            ["model"] = model, ["prompt"] = golden.Prompt, ["temperature"] = 0, ["max_tokens"] = golden.GreedyIds.Length, ["return_token_ids"] = true,
        });
        return answer["choices"]![0]!["token_ids"]!.AsArray().Select(id => id!.GetValue<int>());
    }

    private async Task AgreeAsync()
    {
        var clock = Stopwatch.StartNew();
        while ((await _here.Client.GetJsonAsync("/v1/adapters")).ToJsonString() != (await _there.Client.GetJsonAsync("/v1/adapters")).ToJsonString())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "The servers don't agree.");
            await Task.Delay(10, Cancellation);
        }
    }

    private Task<ServerProcess> StartAsync(string registry, string blobs) => ServerProcess.StartAsync(
        ["--no-demo", "--registry", registry, "--blobs", blobs, "--s3-endpoint", _gate.Endpoint.ToString(), "--s3-path-style", "on", "--s3-timeout-seconds", "2"],
        environment: new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = S3Server.Key, ["AWS_SECRET_ACCESS_KEY"] = S3Server.Key });
}
