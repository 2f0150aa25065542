using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Access;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Access;

/// <summary>What one tenant has does not exist for another: every endpoint answers as it does for a name that nobody has.</summary>
public sealed class IsolationTests(KeyedServer keyed) : IClassFixture<KeyedServer>
{
    public const string Secret = "secret-lora";

    private const string Absent = "absent-lora";

    /// <summary>Names that lead to what alpha has, if anything did, each with one as long that leads nowhere.</summary>
    private static readonly (string There, string Nowhere)[] s_pairs =
    [
        (Secret, Absent),
        ($"{Secret}@1", $"{Absent}@1"),
        ($"{Secret}@prod", $"{Absent}@prod"),
        ($"alpha/{Secret}", $"gamma/{Absent}"),
        ($"alpha/{Secret}@prod", $"gamma/{Absent}@prod"),
    ];

    /// <summary>Ways around.</summary>
    private static readonly string[] s_tricks =
    [
        "..%2Falpha%2F{0}", "%2E%2E%2Falpha%2F{0}", "bravo%2F..%2Falpha%2F{0}", "shared%2F..%2Falpha%2F{0}", "alpha%252F{0}", "alpha%5C{0}", "ALPHA%2F{0}", "alpha%2F%2F{0}", ".%2Falpha%2F{0}",
        "%2Falpha%2F{0}", "alpha%E2%88%95{0}", "alpha%2F{0}%00", "alpha%2F{0}%20", "%20alpha%2F{0}", "alpha/{0}", "alpha%2F{0}%23task", "shared%2Falpha%2F{0}", "bravo%2Falpha%2F{0}", "{0}%40alpha%2F{0}",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private (Uri, Uri) Servers => (keyed.Server.Address, keyed.Server.GrpcAddress);

    [Fact]
    public async Task No_endpoint_lets_a_tenant_learn_of_anothers_adapter_or_key()
    {
        var before = (await keyed.Alpha.GetJsonAsync($"/v1/adapters/{Secret}")).ToJsonString();
        var probes = await Probe.AllAsync(await keyed.Server.Client.GetJsonAsync("/openapi/v1.json"));
        Assert.InRange(probes.Count(probe => !probe.IsCall), 30, 1000);
        Assert.InRange(probes.Count(probe => probe.IsCall), 20, 1000);
        var differing = new List<string>();
        foreach (var probe in probes)
        {
            foreach (var (there, nowhere) in s_pairs.Append((keyed.AlphaKeyId, new string('0', keyed.AlphaKeyId.Length))))
            {
                for (var variant = 0; variant < Probe.Variants; variant++)
                {
                    var (real, made) = (await AskAsync(keyed.Bravo, probe, there, "alpha", variant), await AskAsync(keyed.Bravo, probe, nowhere, "gamma", variant));
                    if (real != made)
                    {
                        differing.Add($"{probe} with {there}:\n{real}\n--- but with {nowhere}:\n{made}");
                    }
                }
            }
        }

        Assert.True(differing.Count == 0, string.Join("\n\n", differing));
        Assert.Equal(before, (await keyed.Alpha.GetJsonAsync($"/v1/adapters/{Secret}")).ToJsonString());
    }

    [Fact]
    public async Task The_owner_sees_the_difference_that_others_do_not()
    {
        var probes = await Probe.AllAsync(await keyed.Server.Client.GetJsonAsync("/openapi/v1.json"));
        var seeing = 0;
        foreach (var probe in probes.Where(probe => probe.Needed == AccessScopes.Infer))
        {
            seeing += await AskAsync(keyed.Alpha, probe, Secret, "alpha", 0) == await AskAsync(keyed.Alpha, probe, Absent, "gamma", 0) ? 0 : 1;
        }

        Assert.InRange(seeing, 15, 1000);
    }

    [Fact]
    public async Task Lists_and_logs_have_only_what_is_the_callers()
    {
        // One that has asked for nothing yet: what is refused stands in its log under the name that it asked for.
        var newcomer = keyed.Client(await KeyedServer.MakeAsync(keyed.Operator, "delta", "infer", "upload", "admin"));
        var digest = (string)(await keyed.Alpha.GetJsonAsync($"/v1/adapters/{Secret}"))["digest"]!;
        foreach (var path in (string[])["/v1/models", "/v1/adapters", "/v1/adapters?namespace=shared", "/v1/adapters?state=deleted", "/v1/keys", "/v1/audit"])
        {
            var list = (await newcomer.GetJsonAsync(path)).ToJsonString();
            Assert.DoesNotContain(Secret, list, StringComparison.Ordinal);
            Assert.DoesNotContain("alpha", list, StringComparison.Ordinal);
            Assert.DoesNotContain(digest, list, StringComparison.Ordinal);
            Assert.DoesNotContain(keyed.AlphaKeyId, list, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task No_spelling_of_a_name_leads_into_another_tenants_namespace()
    {
        foreach (var trick in s_tricks)
        {
            foreach (var path in (string[])["/v1/adapters/", "/v1/models/", "/v2/models/"])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{keyed.Server.Address}{path.TrimStart('/')}{string.Format(null, trick, Secret)}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
                using var twin = new HttpRequestMessage(HttpMethod.Get, new Uri($"{keyed.Server.Address}{path.TrimStart('/')}{string.Format(null, trick, Absent)}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
                var answer = await Probe.AnswerAsync(keyed.Bravo, request, null, Cancellation);
                Assert.StartsWith("4", answer, StringComparison.Ordinal);
                Assert.Equal((await Probe.AnswerAsync(keyed.Bravo, twin, null, Cancellation)).Replace(Absent, "NAME", StringComparison.Ordinal), answer.Replace(Secret, "NAME", StringComparison.Ordinal));
            }

            var model = Uri.UnescapeDataString(string.Format(null, trick, Secret));
            using var completion = await keyed.Bravo.PostAsync("/v1/completions", Api.Json(new JsonObject { ["model"] = model, ["prompt"] = "a" }.ToJsonString()), Cancellation);
            Assert.InRange((int)completion.StatusCode, 400, 422);
        }
    }

    [Fact]
    public async Task A_prompt_that_another_tenant_sent_is_computed_anew()
    {
        var request = new JsonObject { ["model"] = (string)(await keyed.Bravo.GetJsonAsync("/v1/models"))["data"]![0]!["id"]!, ["prompt"] = string.Concat(Enumerable.Repeat("What does a cow say? ", 12)), ["max_tokens"] = 1 };
        Assert.Equal(0, await CachedAsync(keyed.Bravo, request));
        Assert.InRange(await CachedAsync(keyed.Bravo, request), 16, 1000);
        Assert.Equal(0, await CachedAsync(keyed.Alpha, request));
        Assert.InRange(await CachedAsync(keyed.Alpha, request), 16, 1000);

        static async Task<int> CachedAsync(HttpClient client, JsonObject request) =>
            (int?)(await client.PostAsync("/v1/completions", request))["usage"]!["prompt_tokens_details"]?["cached_tokens"] ?? 0;
    }

    [Fact]
    public async Task What_all_may_read_only_operators_write()
    {
        var files = Api.Files(Repository.Adapter("polite-lora"));
        using var refused = await keyed.Bravo.PutFilesAsync("shared%2Fcommon", files);
        Assert.Equal((403, "shared_read_only"), ((int)refused.StatusCode, (await Api.ErrorAsync(refused)).GetProperty("code").GetString()));
        using var put = await keyed.Operator.PutFilesAsync("shared%2Fcommon", files);
        Assert.Equal(201, (int)put.StatusCode);
        var answer = await keyed.Bravo.PostAsync("/v1/completions", new JsonObject { ["model"] = "shared/common", ["prompt"] = "a", ["max_tokens"] = 1 });
        Assert.Equal("shared/common", (string?)answer["model"]);
        using var delete = await keyed.Bravo.DeleteAsync("/v1/adapters/shared%2Fcommon", Cancellation);
        Assert.Equal(403, (int)delete.StatusCode);
    }

    [Fact]
    public async Task An_operator_acts_for_any_tenant()
    {
        Assert.Equal(Secret, (string?)(await keyed.Operator.GetJsonAsync($"/v1/adapters/alpha%2F{Secret}"))["name"]);
        var answer = await keyed.Operator.PostAsync("/v1/completions", new JsonObject { ["model"] = $"alpha/{Secret}@prod", ["prompt"] = "a", ["max_tokens"] = 1 });
        Assert.Single(answer["choices"]!.AsArray());
        Assert.Equal(Secret, (string?)(await keyed.Operator.GetJsonAsync("/v1/adapters?namespace=alpha"))["data"]![0]!["name"]);
        var audit = (await keyed.Alpha.GetJsonAsync("/v1/audit?name=" + Secret))["data"]!.AsArray();
        Assert.All(audit, entry => Assert.Equal("key:" + keyed.AlphaKeyId, (string?)entry!["actor"]));
    }

    private async Task<string> AskAsync(HttpClient client, Probe probe, string name, string tenant, int variant)
    {
        using var request = probe.Request(Servers, name, tenant, variant);
        var answer = await Probe.AnswerAsync(client, request, probe.Messages, Cancellation);
        return answer.Replace(Uri.EscapeDataString(Uri.EscapeDataString(name)), "NAME", StringComparison.Ordinal).Replace(Uri.EscapeDataString(name), "NAME", StringComparison.Ordinal)
            .Replace(name, "NAME", StringComparison.Ordinal).Replace(name.Split('@')[0], "NAME", StringComparison.Ordinal)
            .Replace(name.Split('/')[^1].Split('@')[0], "NAME", StringComparison.Ordinal).Replace(tenant, "TENANT", StringComparison.Ordinal);
    }
}
