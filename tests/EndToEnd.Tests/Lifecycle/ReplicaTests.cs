using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;
using AdapterServe.Tests.Postgres;

namespace AdapterServe.EndToEnd.Tests.Lifecycle;

/// <summary>Two server processes on one PostgreSQL and one folder of files.</summary>
public sealed class ReplicaTests : IAsyncLifetime
{
    private readonly PostgresServer _postgres = new();
    private readonly string _blobs = Directory.CreateTempSubdirectory("adapterserve-blobs-").FullName;
    private string _registry = string.Empty;
    private ServerProcess _here = null!;
    private ServerProcess _there = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _registry = _postgres.NewRegistry();
        _here = await StartAsync();
        _there = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
        _postgres.Dispose();
        Directory.Delete(_blobs, recursive: true);
    }

    [Fact]
    public async Task What_is_uploaded_at_one_serves_the_very_next_request_at_the_other()
    {
        var golden = Golden.Read("pirate-lora")[0];
        using var created = await _here.Client.PutFilesAsync("a", Api.Files(Repository.Adapter("pirate-lora")));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal(golden.GreedyIds, await AnswerAsync(_there, "a", golden));
        using var replaced = await _there.Client.PutFilesAsync("a", Api.Files(Repository.Adapter("polite-lora")));
        Assert.Equal(HttpStatusCode.Created, replaced.StatusCode);
        Assert.Equal(golden.GreedyIds, await AnswerAsync(_here, "a@1", golden));
        var other = Golden.Read("polite-lora")[0];
        Assert.Equal(other.GreedyIds, await AnswerAsync(_here, "a@2", other));
        await EventuallyAsync(async () => (await _here.Client.GetJsonAsync("/v1/adapters/a"))["version"]!.GetValue<int>() == 2, TimeSpan.FromSeconds(1));
        Assert.Equal(other.GreedyIds, await AnswerAsync(_here, "a", other));
    }

    [Fact]
    public async Task What_is_uploaded_at_one_is_known_to_the_very_next_question_at_the_other()
    {
        var questions = new[]
        {
            ("/v2/models/", string.Empty, "name"), ("/v2/models/", "/ready", "name"), ("/v1/models/", string.Empty, "id"), ("/v1/adapters/", string.Empty, "name"),
        };
        for (var i = 0; i < 5 * questions.Length; i++)
        {
            var (before, after, member) = questions[i % questions.Length];
            using var created = await _here.Client.PutFilesAsync($"a{i}", Api.Files(Repository.Adapter("pirate-lora")));
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
            Assert.Equal($"a{i}", (await _there.Client.GetJsonAsync($"{before}a{i}{after}"))[member]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task Without_the_database_what_is_known_serves_changes_are_503_and_afterwards_both_agree()
    {
        var golden = Golden.Read("pirate-lora")[0];
        using var created = await _here.Client.PutFilesAsync("a", Api.Files(Repository.Adapter("pirate-lora")));
        Assert.Equal(golden.GreedyIds, await AnswerAsync(_there, "a", golden));
        _postgres.Stop();
        Assert.Equal(golden.GreedyIds, await AnswerAsync(_here, "a", golden));
        Assert.Equal(golden.GreedyIds, await AnswerAsync(_there, "a", golden));
        using var refused = await _here.Client.PutFilesAsync("b", Api.Files(Repository.Adapter("polite-lora")));
        await AssertAwayAsync(refused);
        using var deleted = await _there.Client.DeleteAsync("/v1/adapters/a", Cancellation);
        await AssertAwayAsync(deleted);
        using var unknown = await _there.Client.GetAsync("/v1/adapters/nobody-knows", Cancellation);
        await AssertAwayAsync(unknown);
        _postgres.Start();
        await EventuallyAsync(async () =>
        {
            using var again = await _here.Client.PutFilesAsync("b", Api.Files(Repository.Adapter("polite-lora")));
            return again.StatusCode == HttpStatusCode.Created;
        }, TimeSpan.FromSeconds(10));
        await EventuallyAsync(async () => (await _there.Client.GetJsonAsync("/v1/adapters"))["data"]!.AsArray().Count == 2, TimeSpan.FromSeconds(10));
        Assert.Equal((await _here.Client.GetJsonAsync("/v1/adapters")).ToJsonString(), (await _there.Client.GetJsonAsync("/v1/adapters")).ToJsonString());
    }

    [Fact]
    public async Task One_that_is_killed_in_the_middle_of_uploads_leaves_the_other_and_its_own_successor_whole()
    {
        var uploads = Enumerable.Range(0, 6).Select(async i =>
        {
            try
            {
                using var put = await _here.Client.PutFilesAsync($"a{i}", [.. Api.Files(Repository.Adapter("pirate-lora")), ("n.txt", [(byte)i])]);
                return put.StatusCode == HttpStatusCode.Created ? $"a{i}" : null;
            }
            catch (HttpRequestException)
            {
                return null;
            }
        }).ToList();
        await Task.WhenAny(uploads);
        _here.Kill();
        var acknowledged = (await Task.WhenAll(uploads)).OfType<string>().ToList();
        Assert.NotEmpty(acknowledged);
        await using var successor = await StartAsync();
        foreach (var server in new[] { _there, successor })
        {
            foreach (var name in acknowledged)
            {
                using var found = await server.Client.GetAsync("/v1/adapters/" + name, Cancellation);
                Assert.Equal(HttpStatusCode.OK, found.StatusCode);
            }
        }

        var golden = Golden.Read("pirate-lora")[0];
        foreach (var adapter in (await successor.Client.GetJsonAsync("/v1/adapters"))["data"]!.AsArray())
        {
            Assert.Equal(golden.GreedyIds, await AnswerAsync(_there, adapter!["name"]!.GetValue<string>(), golden));
        }
    }

    private static async Task AssertAwayAsync(HttpResponseMessage response)
    {
        Assert.Equal((503, "registry_unavailable"), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
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

    private static async Task EventuallyAsync(Func<Task<bool>> isSo, TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        while (!await isSo())
        {
            Assert.True(clock.Elapsed < limit, "It did not become so in time.");
            await Task.Delay(10, Cancellation);
        }
    }

    private Task<ServerProcess> StartAsync() => ServerProcess.StartAsync(["--no-demo", "--registry", _registry, "--blobs", _blobs]);
}
