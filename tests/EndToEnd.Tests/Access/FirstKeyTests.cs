using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Access;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Access;

/// <summary>From a server that knows nobody to one that asks everybody.</summary>
public sealed class FirstKeyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_key_is_an_operators_and_closes_the_server()
    {
        await using var server = await ServerProcess.StartAsync(["--no-demo"]);
        await server.Client.GetJsonAsync("/v1/models");
        using var early = await server.Client.PostAsync("/v1/keys", Api.Json("""{"scopes":["infer"]}"""), Cancellation);
        Assert.Equal((400, "invalid_value"), ((int)early.StatusCode, (await Api.ErrorAsync(early)).GetProperty("code").GetString()));
        await KeyedServer.MakeAsync(server.Client, "main", "operator");
        using var closed = await server.Client.GetAsync("/v1/models", Cancellation);
        Assert.Equal((401, "missing_api_key"), ((int)closed.StatusCode, (await Api.ErrorAsync(closed)).GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_key_made_beside_the_server_opens_and_closes_it_at_once_and_lets_it_listen_anywhere()
    {
        var data = Directory.CreateTempSubdirectory("adapterserve-e2e-").FullName;
        try
        {
            using var keys = await ApiKeys.OpenAsync(new AdapterStoreOptions { DataDirectory = data }, null, Cancellation);
            var made = await keys.CreateAsync(new ApiKeyWish("acme", AccessScopes.Infer), "tests", Cancellation);
            await using var server = await ServerProcess.StartAsync(["--no-demo", "--bind", "0.0.0.0"], data);
            Assert.Contains("unless something in front of the server speaks TLS", server.Log, StringComparison.Ordinal);
            using var client = new HttpClient { BaseAddress = new UriBuilder(server.Address) { Host = "127.0.0.1" }.Uri };
            client.DefaultRequestHeaders.Add("x-api-key", made.Secret);
            await client.GetJsonAsync("/v1/models");
            await keys.RevokeAsync("acme", made.Key.Id, "tests", Cancellation);
            HttpResponseMessage answer;
            while ((answer = await client.GetAsync("/v1/models", Cancellation)).IsSuccessStatusCode)
            {
                await Task.Delay(20, Cancellation);
            }

            Assert.Equal(401, (int)answer.StatusCode);
            Assert.Contains("was revoked", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Without_keys_the_server_does_not_leave_the_loopback_interface()
    {
        var (exitCode, log) = await ServerProcess.RunAsync(["--bind", "0.0.0.0"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("adapterserve: --bind 0.0.0.0 is refused: without API keys", log, StringComparison.Ordinal);
    }
}
