using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;
using AdapterServe.Tests.Postgres;

namespace AdapterServe.EndToEnd.Tests.Lifecycle;

/// <summary>Two server processes on one PostgreSQL and one folder of files, while requests run and adapters are stored at both.</summary>
public sealed class ReplicaLoadTests : IAsyncLifetime
{
    private readonly PostgresServer _postgres = new();
    private readonly string _blobs = Directory.CreateTempSubdirectory("adapterserve-blobs-").FullName;
    private readonly Golden _golden = Golden.Read("pirate-lora")[0];
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
    public async Task The_database_stops_and_comes_back_and_no_request_fails_and_no_change_that_was_answered_is_lost()
    {
        await KnowAsync("known");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Writer[] writers = [new(_here, "here"), new(_there, "there")];
        Reader[] readers = [new(_here, "known", _golden), new(_there, "known", _golden)];
        var load = writers.Select(writer => writer.RunAsync(stop.Token)).Concat(readers.Select(reader => reader.RunAsync(stop.Token))).ToList();
        await UntilAsync(() => writers.All(writer => writer.Stored.Count >= 3) && readers.All(reader => reader.Answers >= 3), load);

        _postgres.Stop();
        var (answers, refusals) = (readers.Select(reader => reader.Answers + 5).ToList(), writers.Select(writer => writer.Refused.Count + 2).ToList());
        await UntilAsync(() => readers.Zip(answers).All(reader => reader.First.Answers >= reader.Second) && writers.Zip(refusals).All(writer => writer.First.Refused.Count >= writer.Second), load);
        _postgres.Start();
        var stored = writers.Select(writer => writer.Stored.Count + 3).ToList();
        await UntilAsync(() => writers.Zip(stored).All(writer => writer.First.Stored.Count >= writer.Second), load);
        await stop.CancelAsync();
        await Task.WhenAll(load);

        var names = await AgreeAsync(_here, _there);
        Assert.All(writers, writer => Assert.Empty(writer.Stored.Except(names)));
        // A change that was cut off in the very moment of its commit may have happened.
        Assert.Empty(names.Except(writers.SelectMany(writer => writer.Stored.Concat(writer.Refused)).Append("known")));
        foreach (var name in names)
        {
            Assert.Equal(_golden.GreedyIds, await AnswerAsync(_there, name));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_is_killed_under_load_disturbs_no_request_at_the_other_and_loses_nothing(bool isFirst)
    {
        await KnowAsync("known");
        var (killed, survivor) = isFirst ? (_here, _there) : (_there, _here);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Writer[] writers = [new(killed, "killed") { MayDie = true }, new(survivor, "survivor")];
        var reader = new Reader(survivor, "known", _golden);
        var load = writers.Select(writer => writer.RunAsync(stop.Token)).Append(reader.RunAsync(stop.Token)).ToList();
        await UntilAsync(() => writers.All(writer => writer.Stored.Count >= 3) && reader.Answers >= 3, load);
        killed.Kill();
        var (stored, answers) = (writers[1].Stored.Count + 3, reader.Answers + 5);
        await UntilAsync(() => writers[1].Stored.Count >= stored && reader.Answers >= answers, load);
        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.Empty(writers[1].Refused);

        await using var successor = await StartAsync();
        var names = await AgreeAsync(survivor, successor);
        Assert.All(writers, writer => Assert.Empty(writer.Stored.Except(names)));
        foreach (var name in names)
        {
            Assert.Equal(_golden.GreedyIds, await AnswerAsync(successor, name));
        }
    }

    [Fact]
    public async Task An_alias_moves_to_and_fro_under_load_and_every_request_gets_one_of_its_versions()
    {
        var other = Golden.Read("polite-lora")[0];
        Assert.Equal(_golden.Prompt, other.Prompt);
        await KnowAsync("a");
        using (var second = await _here.Client.PutFilesAsync("a", Api.Files(Repository.Adapter("polite-lora"))))
        {
            Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        }

        await AliasAsync(_here, """{"version":1}""");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Reader[] readers = [new(_here, "a@prod", _golden, other), new(_there, "a@prod", _golden, other), new(_here, "a@prod", _golden, other), new(_there, "a@prod", _golden, other)];
        var load = readers.Select(reader => reader.RunAsync(stop.Token)).ToList();
        for (var i = 0; i < 60; i++)
        {
            await AliasAsync(i % 3 == 0 ? _here : _there, $$"""{"version":{{1 + (i % 2)}}}""");
        }

        await UntilAsync(() => readers.All(reader => reader.Answers >= 3), load);
        await AliasAsync(_here, """{"version":2}""");
        await UntilAsync(() => readers.All(reader => reader.Last == other), load);
        await stop.CancelAsync();
        await Task.WhenAll(load);
    }

    [Fact]
    public async Task A_canary_gets_its_tenth_of_the_requests_the_same_users_at_both()
    {
        await KnowAsync("a");
        using (var second = await _here.Client.PutFilesAsync("a", Api.Files(Repository.Adapter("polite-lora"))))
        {
            Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        }

        await AliasAsync(_here, """{"versions":[{"version":1,"weight":90},{"version":2,"weight":10}]}""");
        await AnswerAsync(_there, "a@prod");
        var chosen = await ChooseAsync(_here, 10_000);
        // Five standard deviations of a binomial distribution; the users are the same in every run.
        var deviation = 5 * Math.Sqrt(0.9 * 0.1 * chosen.Length);
        Assert.InRange(chosen.Count(version => version == "1"), (0.9 * chosen.Length) - deviation, (0.9 * chosen.Length) + deviation);
        Assert.Equal(chosen.Length, chosen.Count(version => version is "1" or "2"));
        Assert.Equal(chosen[..500], await ChooseAsync(_there, 500));
    }

    private static async Task<string[]> ChooseAsync(ServerProcess server, int users)
    {
        var chosen = new string[users];
        await Parallel.ForAsync(0, users, new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = Cancellation }, async (i, _) =>
        {
            var answer = await server.Client.PostAsync("/v2/models/a@prod/infer", JsonNode.Parse(
                $$$"""{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[1],"data":["a"]}],"parameters":{"max_tokens":1,"user":"user-{{{i}}}"}}""")!);
            chosen[i] = answer["model_version"]!.GetValue<string>();
        });
        return chosen;
    }

    private static async Task AliasAsync(ServerProcess server, string body)
    {
        using var response = await server.Client.PutAsync("/v1/adapters/a/aliases/prod", Api.Json(body), Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    /// <summary>The names of all adapters, once both list the same.</summary>
    private static async Task<IReadOnlyList<string>> AgreeAsync(ServerProcess one, ServerProcess other)
    {
        while (true)
        {
            var (first, second) = (await one.Client.GetJsonAsync("/v1/adapters"), await other.Client.GetJsonAsync("/v1/adapters"));
            if (first.ToJsonString() == second.ToJsonString())
            {
                return [.. first["data"]!.AsArray().Select(adapter => adapter!["name"]!.GetValue<string>())];
            }

            await Task.Delay(10, Cancellation);
        }
    }

    /// <summary>Waits without a limit of its own; what fails meanwhile ends it.</summary>
    private static async Task UntilAsync(Func<bool> isSo, IReadOnlyCollection<Task> load)
    {
        while (!isSo())
        {
            foreach (var failed in load.Where(task => task.IsFaulted))
            {
                await failed;
            }

            await Task.Delay(10, Cancellation);
        }
    }

    private async Task KnowAsync(string name)
    {
        using var created = await _here.Client.PutFilesAsync(name, Api.Files(Repository.Adapter("pirate-lora")));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal(_golden.GreedyIds, await AnswerAsync(_there, name));
    }

    private async Task<IEnumerable<int>> AnswerAsync(ServerProcess server, string model) => Reader.IdsOf(await server.Client.PostAsync("/v1/completions", Reader.Request(model, _golden)));

    private Task<ServerProcess> StartAsync() => ServerProcess.StartAsync(["--no-demo", "--registry", _registry, "--blobs", _blobs]);

    /// <summary>Asks for the same answer again and again; anything but one of the expected ones is a failure.</summary>
    private sealed class Reader(ServerProcess server, string model, params Golden[] expected)
    {
        private int _answers;
        private Golden? _last;

        public int Answers => Volatile.Read(ref _answers);

        public Golden? Last => Volatile.Read(ref _last);

        public static JsonObject Request(string model, Golden golden) =>
            new() { ["model"] = model, ["prompt"] = golden.Prompt, ["temperature"] = 0, ["max_tokens"] = golden.GreedyIds.Length, ["return_token_ids"] = true };

        public static IEnumerable<int> IdsOf(JsonNode answer) => answer["choices"]![0]!["token_ids"]!.AsArray().Select(id => id!.GetValue<int>());

        public async Task RunAsync(CancellationToken stop)
        {
            var longest = expected.MaxBy(golden => golden.GreedyIds.Length)!;
            while (!stop.IsCancellationRequested)
            {
                var ids = IdsOf(await server.Client.PostAsync("/v1/completions", Request(model, longest))).ToList();
                var found = expected.SingleOrDefault(golden => ids.Take(golden.GreedyIds.Length).SequenceEqual(golden.GreedyIds));
                Assert.True(found is not null, $"{model} answered {string.Join(' ', ids)}.");
                Volatile.Write(ref _last, found);
                Interlocked.Increment(ref _answers);
            }
        }
    }

    /// <summary>Stores an adapter under ever new names.</summary>
    private sealed class Writer(ServerProcess server, string prefix)
    {
        /// <summary>Answered 201.</summary>
        public ConcurrentQueue<string> Stored { get; } = [];

        /// <summary>Answered 503.</summary>
        public ConcurrentQueue<string> Refused { get; } = [];

        public bool MayDie { get; init; }

        public async Task RunAsync(CancellationToken stop)
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var name = $"{prefix}-{i}";
                try
                {
                    using var put = await server.Client.PutFilesAsync(name, [.. Api.Files(Repository.Adapter("pirate-lora")), ("n.txt", [.. prefix.Select(letter => (byte)letter), (byte)i, (byte)(i >> 8)])]);
                    if (put.StatusCode == HttpStatusCode.Created)
                    {
                        Stored.Enqueue(name);
                        continue;
                    }

                    Assert.Equal((503, "registry_unavailable"), ((int)put.StatusCode, (await Api.ErrorAsync(put)).GetProperty("code").GetString()));
                    Assert.True(put.Headers.RetryAfter!.Delta > TimeSpan.Zero);
                    Refused.Enqueue(name);
                }
                catch (HttpRequestException) when (MayDie)
                {
                    return;
                }
            }
        }
    }
}
