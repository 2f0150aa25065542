using System.Net;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Quotas;

/// <summary>What operators set for tenants, over REST.</summary>
public sealed class TenantTests(QuotaServer quota) : IClassFixture<QuotaServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private HttpClient Client => quota.Server.Client;

    [Fact]
    public async Task What_is_set_is_answered_listed_and_forgotten()
    {
        const string Body = """{"limits":{"adapters":3,"bytes":5000000000,"requests_per_minute":7,"tokens_per_minute":null},"weight":200,"priority":-2,"labels":{"plan":"gold"}}""";
        using var put = await PutAsync("acme", Body);
        var answer = JsonNode.Parse(await put.Content.ReadAsStringAsync(Cancellation))!;
        var revision = answer["revision"]!.GetValue<long>();
        Assert.Equal($"\"r{revision}\"", put.Headers.ETag!.Tag);
        Assert.Equal(
            $$$"""{"object":"tenant","name":"acme","revision":{{{revision}}},"limits":{"adapters":3,"bytes":5000000000,"requests_per_minute":7,"tokens_per_minute":null,"concurrent_sequences":null},"effective_limits":{"adapters":3,"bytes":5000000000,"requests_per_minute":7,"tokens_per_minute":null,"concurrent_sequences":50},"weight":200,"priority":-2,"labels":{"plan":"gold"},"usage":{"adapters":0,"bytes":0,"requests_per_minute":0,"tokens_per_minute":null,"concurrent_sequences":0}}""",
            answer.ToJsonString());
        Assert.Equal(answer.ToJsonString(), (await Client.GetJsonAsync("/v1/tenants/acme")).ToJsonString());

        using (var other = await PutAsync("zeta", "{}"))
        {
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        }

        var page = await Client.GetJsonAsync("/v1/tenants?limit=1");
        Assert.Equal(("acme", true), (page["data"]![0]!["name"]!.GetValue<string>(), page["has_more"]!.GetValue<bool>()));
        Assert.Contains("zeta", (await Client.GetJsonAsync("/v1/tenants?after=acme"))["data"]!.AsArray().Select(tenant => tenant!["name"]!.GetValue<string>()));

        await AssertErrorAsync(await SendAsync(HttpMethod.Delete, "acme", ifMatch: $"\"r{revision + 1}\""), 412, "revision_mismatch");
        using var deleted = await SendAsync(HttpMethod.Delete, "acme", ifMatch: $"\"r{revision}\"");
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        await AssertErrorAsync(await Client.GetAsync("/v1/tenants/acme", Cancellation), 404, "tenant_not_found");
        await AssertErrorAsync(await SendAsync(HttpMethod.Delete, "acme"), 404, "tenant_not_found");
    }

    [Fact]
    public async Task Adapters_over_the_limit_are_refused_until_there_is_room()
    {
        var (first, second) = (Api.Files(Repository.Adapter("pirate-lora")), Api.Files(Repository.Adapter("polite-lora")));
        using var set = await PutAsync("default", """{"limits":{"adapters":1}}""");
        using var created = await Client.PutFilesAsync("a", first);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        using (var refused = await Client.PutFilesAsync("b", second))
        {
            Assert.True(refused.Headers.RetryAfter!.Delta > TimeSpan.Zero);
            await AssertErrorAsync(refused, 429, "quota_exceeded");
        }

        var use = (await Client.GetJsonAsync("/v1/usage"))["usage"]!;
        Assert.Equal((1, first.Sum(file => (long)file.Content.Length)), (use["adapters"]!.GetValue<int>(), use["bytes"]!.GetValue<long>()));
        await AssertErrorAsync(await SendAsync(HttpMethod.Delete, "default"), 409, "tenant_has_adapters");
        await AssertErrorAsync(await Client.DeleteAsync("/v1/adapters/a?purge=maybe", Cancellation), 400, "invalid_value");
        using var deleted = await Client.DeleteAsync("/v1/adapters/a?purge=true", Cancellation);
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Equal(0, (await Client.GetJsonAsync("/v1/usage"))["usage"]!["bytes"]!.GetValue<long>());
        await AssertErrorAsync(await Client.PostAsync("/v1/adapters/a:restore", null, Cancellation), 404, "adapter_not_found");
        using var stored = await Client.PutFilesAsync("b", second);
        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
    }

    [Theory]
    [InlineData("""{"limit":{}}""", "limit", "unsupported_parameter")]
    [InlineData("""{"limits":{"adapter":1}}""", "limits.adapter", "unsupported_parameter")]
    [InlineData("""{"limits":{"adapters":-1}}""", "limits.adapters", "invalid_value")]
    [InlineData("""{"limits":{"bytes":1.5}}""", "limits.bytes", "invalid_type")]
    [InlineData("""{"limits":{"requests_per_minute":2147483648}}""", "limits.requests_per_minute", "invalid_value")]
    [InlineData("""{"limits":{"tokens_per_minute":"9"}}""", "limits.tokens_per_minute", "invalid_type")]
    [InlineData("""{"limits":[]}""", "limits", "invalid_type")]
    [InlineData("""{"weight":0}""", "weight", "invalid_value")]
    [InlineData("""{"weight":10001}""", "weight", "invalid_value")]
    [InlineData("""{"priority":1000001}""", "priority", "invalid_value")]
    [InlineData("""{"labels":{"a":1}}""", "labels.a", "invalid_type")]
    [InlineData("""{"labels":{"a b":"c"}}""", null, "invalid_label")]
    public async Task A_wrong_setting_is_refused(string body, string? param, string code)
    {
        using var response = await PutAsync("wrong", body);
        Assert.Equal(400, (int)response.StatusCode);
        var error = await Api.ErrorAsync(response);
        Assert.Equal((code, param), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        await AssertErrorAsync(await Client.GetAsync("/v1/tenants/wrong", Cancellation), 404, "tenant_not_found");
    }

    [Fact]
    public async Task A_name_that_no_tenant_can_have_is_refused() => await AssertErrorAsync(await PutAsync("No%2F..%2FTenant", "{}"), 400, "invalid_tenant");

    private static async Task AssertErrorAsync(HttpResponseMessage response, int status, string code)
    {
        using (response)
        {
            Assert.Equal((status, code), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
        }
    }

    private Task<HttpResponseMessage> PutAsync(string tenant, string body) => Client.PutAsync($"/v1/tenants/{tenant}", Api.Json(body), Cancellation);

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string tenant, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, $"/v1/tenants/{tenant}");
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return await Client.SendAsync(request, Cancellation);
    }
}
