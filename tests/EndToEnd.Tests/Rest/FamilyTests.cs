using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>Every family's folder served as it is: its adapters uploaded, their goldens asked for over the wire.</summary>
public sealed class FamilyTests
{
    public static TheoryData<string> Names => [.. Directory.GetDirectories(Path.Combine(Repository.Goldens, "families"))
        .Where(folder => Directory.Exists(Path.Combine(folder, "model"))).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_familys_folder_answers_its_goldens(string family)
    {
        var folder = Path.Combine(Repository.Goldens, "families", family);
        await using var server = await ServerProcess.StartAsync(["--model", Path.Combine(folder, "model"), "--model-id", "base", "--threads", "1"]);
        foreach (var adapter in Directory.GetDirectories(Path.Combine(folder, "adapters")))
        {
            using var files = new MultipartFormDataContent();
            foreach (var path in Directory.GetFiles(adapter))
            {
                files.Add(new ByteArrayContent(await File.ReadAllBytesAsync(path, Cancellation)), "files", Path.GetFileName(path));
            }

            using var answer = await server.Client.PutAsync($"/v1/adapters/{Path.GetFileName(adapter)}", files, Cancellation);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        }

        foreach (var golden in Directory.GetFiles(Path.Combine(folder, "goldens"), "*.json"))
        {
            var expected = JsonNode.Parse(await File.ReadAllTextAsync(golden, Cancellation))!["cases"]![0]!;
            await CheckAsync(server, Path.GetFileNameWithoutExtension(golden), expected);
        }
    }

    private static async Task CheckAsync(ServerProcess server, string model, JsonNode expected)
    {
        int[] ids = [.. expected["greedy_ids"]!.AsArray().Select(id => (int)id!)];
        using var answer = await server.Client.PostAsJsonAsync(
            "/v1/completions",
            new { model, prompt = (string?)expected["prompt"], max_tokens = ids.Length, temperature = 0, return_token_ids = true, echo = true, logprobs = 1 },
            Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var choice = (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["choices"]![0]!;

        int[] prompt = [.. expected["prompt_ids"]!.AsArray().Select(id => (int)id!)];
        Assert.Equal(prompt, choice["prompt_token_ids"]!.AsArray().Select(id => (int)id!));
        Assert.Equal(ids, choice["token_ids"]!.AsArray().Select(id => (int)id!));
        var actual = choice["logprobs"]!["token_logprobs"]!.AsArray();
        for (var i = 1; i < prompt.Length; i++)
        {
            var (reference, value) = ((double)expected["prompt_logprobs"]![i]!, (double)actual[i]!);
            Assert.True(Math.Abs(reference - value) <= Tolerances.FamilyLogProbability, $"{model}: prompt token {i} has {value}, expected {reference}");
        }
    }
}
