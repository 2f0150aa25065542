using System.Diagnostics;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Load;

public sealed class DisconnectTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_goes_away_leaves_its_room_to_the_next(bool stream)
    {
        // Room for one sequence and a queue of one: while the first runs to its end a second of the same size would wait for long.
        await using var server = await ServerProcess.StartAsync(["--no-demo", "--max-sequences", "1", "--queue-limit", "1"]);
        var body = new JsonObject { ["model"] = "demo", ["prompt"] = "Once", ["max_tokens"] = 1000, ["ignore_eos"] = true, ["stream"] = stream };
        for (var i = 0; i < 20; i++)
        {
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Api.Json(body.ToJsonString()) };
            var sending = server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
            if (stream)
            {
                using var response = await sending;
                Assert.Equal(200, (int)response.StatusCode);
            }
            else
            {
                await leaving.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
            }
        }

        var clock = Stopwatch.StartNew();
        JsonNode? answer = null;
        while (answer is null && clock.Elapsed < TimeSpan.FromSeconds(5))
        {
            using var response = await server.Client.PostAsync("/v1/completions", Api.Json("""{"model":"demo","prompt":"Once","max_tokens":1}"""), Cancellation);
            answer = (int)response.StatusCode == 200 ? JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation)) : null;
        }

        Assert.NotNull(answer);
    }
}
