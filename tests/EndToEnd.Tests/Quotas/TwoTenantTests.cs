using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Access;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Quotas;

/// <summary>Two tenants with keys and an operator, at a server that runs one sequence at a time.</summary>
public sealed class TwoTenantTests : IAsyncLifetime
{
    private ServerProcess _server = null!;
    private HttpClient _operator = null!;
    private HttpClient _alpha = null!;
    private HttpClient _bravo = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(["--no-demo", "--max-sequences", "1"]);
        _operator = Client(await KeyedServer.MakeAsync(_server.Client, "main", "operator"));
        _alpha = Client(await KeyedServer.MakeAsync(_operator, "alpha", "infer", "upload", "admin"));
        _bravo = Client(await KeyedServer.MakeAsync(_operator, "bravo", "infer", "upload", "admin"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in new[] { _operator, _alpha, _bravo })
        {
            client?.Dispose();
        }

        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_limit_is_one_tenants_alone_and_each_sees_its_own()
    {
        await PutAsync("alpha", """{"limits":{"requests_per_minute":1,"adapters":0}}""");
        HttpResponseMessage response;
        while ((response = await SendAsync(_alpha, 1)).StatusCode == HttpStatusCode.OK)
        {
            Assert.Equal("1", response.Headers.GetValues("x-ratelimit-limit-requests").Single());
            response.Dispose();
        }

        Assert.Equal((429, "rate_limit_exceeded"), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
        response.Dispose();
        using var other = await SendAsync(_bravo, 1);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.False(other.Headers.Contains("x-ratelimit-limit-requests"));

        var (alpha, bravo) = (await _alpha.GetJsonAsync("/v1/usage"), await _bravo.GetJsonAsync("/v1/usage"));
        Assert.Equal(("alpha", 1), (alpha["tenant"]!.GetValue<string>(), alpha["limits"]!["requests_per_minute"]!.GetValue<int>()));
        Assert.Equal(("bravo", null), (bravo["tenant"]!.GetValue<string>(), bravo["limits"]!["requests_per_minute"]));
        using var refused = await _alpha.PutFilesAsync("a", Api.Files(Repository.Adapter("pirate-lora")));
        Assert.Equal((429, "quota_exceeded"), ((int)refused.StatusCode, (await Api.ErrorAsync(refused)).GetProperty("code").GetString()));
        using var stored = await _bravo.PutFilesAsync("a", Api.Files(Repository.Adapter("pirate-lora")));
        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
        Assert.Equal(1, (await _operator.GetJsonAsync("/v1/tenants/bravo"))["usage"]!["adapters"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("GET", "/v1/tenants")]
    [InlineData("GET", "/v1/tenants/alpha")]
    [InlineData("PUT", "/v1/tenants/alpha")]
    [InlineData("DELETE", "/v1/tenants/bravo")]
    public async Task Settings_are_the_operators_alone(string method, string path)
    {
        await PutAsync("bravo", "{}");
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "PUT" ? Api.Json("{}") : null };
        using var response = await _alpha.SendAsync(request, Cancellation);
        Assert.Equal((403, "insufficient_scope"), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_tenant_that_goes_first_takes_the_place_of_one_that_runs()
    {
        await PutAsync("alpha", """{"priority":-1}""");
        using var running = await SendAsync(_bravo, 900, stream: true);
        using var reader = new StreamReader(await running.Content.ReadAsStreamAsync(Cancellation));
        Assert.StartsWith("data: ", await reader.ReadLineAsync(Cancellation), StringComparison.Ordinal);
        using var first = await SendAsync(_alpha, 2);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(1, (await _bravo.GetJsonAsync("/v1/usage"))["usage"]!["concurrent_sequences"]!.GetValue<int>());
        Assert.Contains("[DONE]", await reader.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, int maxTokens, bool stream = false)
    {
        var body = new JsonObject { ["model"] = "demo", ["prompt"] = "Once", ["max_tokens"] = maxTokens, ["ignore_eos"] = true, ["stream"] = stream };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Api.Json(body.ToJsonString()) };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    private async Task PutAsync(string tenant, string settings)
    {
        using var response = await _operator.PutAsync("/v1/tenants/" + tenant, Api.Json(settings), Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private HttpClient Client(string key) =>
        new() { BaseAddress = _server.Address, Timeout = TimeSpan.FromMinutes(5), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
}
