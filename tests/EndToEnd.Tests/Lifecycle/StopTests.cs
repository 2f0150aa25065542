using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Lifecycle;

public sealed class StopTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_idle_server_ends_at_once_and_with_success()
    {
        await using var server = await ServerProcess.StartAsync(["--no-demo"]);
        server.Terminate();
        Assert.Equal(0, await server.ExitAsync(Tolerances.IdleStop));
    }

    [Fact]
    public async Task A_running_answer_is_finished_while_new_requests_are_turned_away()
    {
        await using var server = await ServerProcess.StartAsync(["--no-demo", "--grace-seconds", "60"]);
        using var response = await OpenStreamAsync(server, choices: 8);
        var events = Api.ReadEventsAsync(await response.Content.ReadAsStreamAsync(Cancellation)).GetAsyncEnumerator(Cancellation);
        Assert.True(await events.MoveNextAsync());
        server.Terminate();
        await UntilStoppingAsync(server);
        using var refused = await server.Client.PostAsync("/v1/completions", Api.Json("""{"model":"demo","prompt":"a"}"""), Cancellation);
        Assert.Equal((503, "server_stopping"), ((int)refused.StatusCode, (await Api.ErrorAsync(refused)).GetProperty("code").GetString()));
        Assert.NotNull(refused.Headers.RetryAfter);
        var last = events.Current;
        while (await events.MoveNextAsync())
        {
            last = events.Current;
        }

        Assert.Equal("[DONE]", last);
        Assert.Equal(0, await server.ExitAsync(Tolerances.IdleStop));
    }

    [Fact]
    public async Task An_answer_that_takes_longer_than_the_grace_ends_with_an_error()
    {
        await using var server = await ServerProcess.StartAsync(["--no-demo", "--grace-seconds", "0"]);
        using var response = await OpenStreamAsync(server, choices: 128);
        var events = Api.ReadEventsAsync(await response.Content.ReadAsStreamAsync(Cancellation)).GetAsyncEnumerator(Cancellation);
        Assert.True(await events.MoveNextAsync());
        server.Terminate();
        var last = events.Current;
        while (await events.MoveNextAsync())
        {
            last = events.Current;
        }

        Assert.Equal("server_stopping", JsonNode.Parse(last)!["error"]!["code"]!.GetValue<string>());
        Assert.Equal(0, await server.ExitAsync(Tolerances.IdleStop));
    }

    private static async Task<HttpResponseMessage> OpenStreamAsync(ServerProcess server, int choices)
    {
        var body = new JsonObject { ["model"] = "demo", ["prompt"] = "Once", ["max_tokens"] = 1000, ["ignore_eos"] = true, ["stream"] = true, ["n"] = choices };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Api.Json(body.ToJsonString()) };
        return await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    private static async Task UntilStoppingAsync(ServerProcess server)
    {
        while (true)
        {
            using var ready = await server.Client.GetAsync("/readyz", Cancellation);
            if ((int)ready.StatusCode == 503)
            {
                return;
            }
        }
    }
}
