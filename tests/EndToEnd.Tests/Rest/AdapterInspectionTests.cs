using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>What the server says of an adapter's weights, and approximations that are asked for by name.</summary>
[Collection(SharedServerTests.Name)]
public sealed class AdapterInspectionTests(SharedServer shared) : IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        using var response = await shared.Client.DeleteAsync("/v1/adapters/near", Cancellation);
    }

    [Fact]
    public async Task An_inspection_has_every_site_with_its_forms_norms_and_bounds()
    {
        var descriptor = await shared.Client.GetJsonAsync("/v1/adapters/yoda");
        var inspection = await CompleteAsync("yoda");
        Assert.Equal((Text(descriptor["digest"]), 1), (Text(inspection["digest"]), inspection["version"]!.GetValue<int>()));
        var sites = inspection["sites"]!.AsArray();
        Assert.Equal(descriptor["sites"]!.GetValue<int>(), sites.Count);
        foreach (var site in sites)
        {
            var delta = site!["delta"]!;
            Assert.InRange(Number(delta["spectral"]), 0, Number(delta["frobenius"]));
            Assert.InRange(Number(delta["spectral_ratio"]) * Number(delta["base_spectral"]) / Number(delta["spectral"]), 0.9999, 1.0001);
            var isLogit = Text(site["path"]).EndsWith("q_proj", StringComparison.Ordinal) || Text(site["path"]).EndsWith("k_proj", StringComparison.Ordinal);
            Assert.Equal(isLogit, site["logit_bound"] is not null);
        }

        Assert.Equal(inspection.ToJsonString(), (await CompleteAsync("yoda@1")).ToJsonString());
        Assert.Equal(inspection.ToJsonString(), (await CompleteAsync("yoda@" + Text(descriptor["digest"]))).ToJsonString());
    }

    [Fact]
    public async Task What_does_not_exist_can_not_be_inspected()
    {
        foreach (var name in new[] { "nobody", "yoda@99", "yoda@nowhere" })
        {
            using var response = await shared.Client.GetAsync($"/v1/adapters/{name}/inspect", Cancellation);
            Assert.Equal((404, "adapter_not_found"), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
        }
    }

    [Fact]
    public async Task An_approximation_is_a_version_of_its_own_that_says_what_it_is()
    {
        var exact = await PutAsync("near", string.Empty, 201);
        var near = await PutAsync("near", "?lower=svd:rank=2", 201);
        Assert.Equal(("exact", null), (Text(exact["exactness"]), exact["lower"]));
        Assert.Equal("svd:rank=2", Text(near["lower"]));
        Assert.StartsWith("approximate:0.", Text(near["exactness"]), StringComparison.Ordinal);
        Assert.NotEqual(Text(exact["digest"]), Text(near["digest"]));
        await PutAsync("near", "?lower=svd:rank=2", 200);
        var answer = await shared.Client.PostAsync("/v1/completions", new JsonObject { ["model"] = "near", ["prompt"] = "a", ["max_tokens"] = 2 });
        Assert.Equal(2, answer["usage"]!["completion_tokens"]!.GetValue<int>());
        var inspection = await CompleteAsync("near");
        Assert.All(inspection["sites"]!.AsArray(), site => Assert.Equal(2, site!["forms"]![0]!["rank"]!.GetValue<int>()));
        Assert.Equal(1, (await PutAsync("near", string.Empty, 200))["version"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("?lower=", "lower_option")]
    [InlineData("?lower=svd", "lower_option")]
    [InlineData("?lower=svd:rank=0", "lower_option")]
    [InlineData("?lower=svd:rank=4%20", "lower_option")]
    [InlineData("?lower=int4", "lower_option")]
    [InlineData("?lower=svd:rank=4&lower=svd:rank=4", "invalid_value")]
    public async Task An_approximation_that_there_is_not_is_a_bad_request_and_stores_nothing(string query, string code)
    {
        using var response = await SendAsync("never", query);
        Assert.Equal((400, code), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
        using var listed = await shared.Client.GetAsync("/v1/adapters/never", Cancellation);
        Assert.Equal(404, (int)listed.StatusCode);
    }

    [Fact]
    public async Task The_description_names_the_approximation()
    {
        var document = await shared.Client.GetJsonAsync("/openapi/v1.json");
        var parameters = document["paths"]!["/v1/adapters/{name}"]!["put"]!["parameters"]!.AsArray();
        Assert.Contains(parameters, parameter => (Text(parameter!["name"]), Text(parameter["in"])) == ("lower", "query"));
        Assert.NotNull(document["components"]!["schemas"]!["AdapterInspection"]!["properties"]!["warnings"]);
    }

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static double Number(JsonNode? node) => node!.GetValue<double>();

    /// <summary>A busy machine may need several calls.</summary>
    private async Task<JsonNode> CompleteAsync(string reference)
    {
        while (true)
        {
            var inspection = await shared.Client.GetJsonAsync($"/v1/adapters/{reference}/inspect");
            if (inspection["complete"]!.GetValue<bool>())
            {
                return inspection;
            }
        }
    }

    private async Task<JsonNode> PutAsync(string name, string query, int status)
    {
        using var response = await SendAsync(name, query);
        var body = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True((int)response.StatusCode == status, body);
        return JsonNode.Parse(body)!;
    }

    private Task<HttpResponseMessage> SendAsync(string name, string query) => shared.Client.PutFilesAsync(name + query, Api.Files(Repository.Adapter("pirate-lora")));
}
