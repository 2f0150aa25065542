using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Load;

/// <summary>Twelve clients, fourteen adapters and the base in random order: every answer is the reference's, however the steps are cut and computed.</summary>
public sealed class MixtureTests
{
    private const int Clients = 12;
    private const int Rounds = 2;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<int, bool, int, string, string> Ways => new()
    {
        { 64, true, 2, "", "" },
        { 7, false, 1, "", "" },
        { 1, true, 2, "", "" },
        { 64, false, 2, "DOTNET_EnableAVX512", "Avx2" },
        { 64, true, 1, "DOTNET_EnableHWIntrinsic", "Scalar" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Every_answer_of_a_mixture_is_the_references(int chunk, bool prefixCache, int threads, string disabled, string path)
    {
        ArgumentNullException.ThrowIfNull(disabled);
        var environment = disabled.Length == 0 ? null : new Dictionary<string, string> { [disabled] = "0" };
        await using var server = await ServerProcess.StartAsync(
            ["--prefill-tokens", $"{chunk}", "--prefix-cache", prefixCache ? "on" : "off", "--threads", $"{threads}"], environment: environment);
        if (path.Length > 0)
        {
            Assert.Contains("Kernels compute with " + path, server.Log, StringComparison.Ordinal);
        }

        await UploadAsync(server);
        var cases = Enumerable.Repeat(Golden.Adapters.SelectMany(Golden.Read), Rounds).SelectMany(all => all).ToArray();
        new Random(chunk).Shuffle(cases);
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            for (var i = Interlocked.Increment(ref next); i < cases.Length; i = Interlocked.Increment(ref next))
            {
                await CheckAsync(server, cases[i], scorePrompt: i % 2 == 0);
            }
        }));
    }

    private static async Task UploadAsync(ServerProcess server)
    {
        foreach (var golden in Golden.Adapters.Where(name => name != "base" && Golden.ModelOf(name) == name))
        {
            using var response = await server.Client.PutFilesAsync(golden, Api.Files(Repository.Adapter(golden)));
            Assert.True((int)response.StatusCode == 201, await response.Content.ReadAsStringAsync(Cancellation));
        }
    }

    private static async Task CheckAsync(ServerProcess server, Golden golden, bool scorePrompt)
    {
        var answer = await server.Client.PostAsync("/v1/completions", new JsonObject
        {
            ["model"] = Golden.ModelOf(golden.Adapter), ["prompt"] = golden.Prompt, ["temperature"] = 0, ["max_tokens"] = golden.GreedyIds.Length,
            ["logprobs"] = 0, ["echo"] = scorePrompt, ["return_token_ids"] = true,
        });
        var choice = answer["choices"]![0]!;
        Assert.Equal(golden.GreedyIds, choice["token_ids"]!.AsArray().Select(id => id!.GetValue<int>()));
        var expected = golden.GreedyLogprobs.Select(value => (double?)value);
        expected = scorePrompt ? golden.PromptLogprobs.Concat(expected) : expected;
        var actual = choice["logprobs"]!["token_logprobs"]!.AsArray();
        foreach (var (want, got) in expected.Zip(actual))
        {
            Assert.Equal(want ?? 0, got?.GetValue<double>() ?? 0, Tolerances.GoldenLogProb);
        }
    }
}
