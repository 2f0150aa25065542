using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Access;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Access;

/// <summary>Who is let in where.</summary>
public sealed class CredentialTests(KeyedServer keyed) : IClassFixture<KeyedServer>
{
    private static readonly string[] s_tenantScopes = ["infer", "upload", "admin"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_endpoint_answers_without_a_key_that_is_good()
    {
        var revoked = await KeyedServer.MakeAsync(keyed.Operator, "alpha", s_tenantScopes);
        using var revocation = await keyed.Operator.DeleteAsync($"/v1/keys/{revoked.Split('-')[1]}", Cancellation);
        revocation.EnsureSuccessStatusCode();
        var shortLived = await KeyedServer.MakeAsync(keyed.Operator, new JsonObject { ["tenant"] = "alpha", ["expires_in"] = 1 }, s_tenantScopes);
        var expired = keyed.Client(shortLived);
        while (await StatusAsync(expired, "/v1/models") == 200)
        {
            await Task.Delay(50, Cancellation);
        }

        var good = await KeyedServer.MakeAsync(keyed.Operator, "alpha", s_tenantScopes);
        (string Name, HttpClient Client, string Code)[] callers =
        [
            ("none", keyed.Client(null), "missing_api_key"),
            ("wrong", keyed.Client(good[..^4] + (good.EndsWith("0000", StringComparison.Ordinal) ? "1111" : "0000")), "invalid_api_key"),
            ("unknown", keyed.Client("as-" + new string('0', 12) + good[15..]), "invalid_api_key"),
            ("revoked", keyed.Client(revoked), "invalid_api_key"),
            ("expired", expired, "invalid_api_key"),
            ("a word", keyed.Client("none"), "invalid_api_key"),
            ("a token that nobody signed", keyed.Client("eyJhbGciOiJub25lIn0.eyJ0ZW5hbnQiOiJhbHBoYSIsInNjb3BlIjoib3BlcmF0b3IifQ."), "invalid_api_key"),
        ];
        foreach (var probe in await ProbesAsync())
        {
            foreach (var (name, client, code) in callers)
            {
                var answer = await AskAsync(client, probe);
                Assert.True(IsRefused(probe, answer, "401", "16") && answer.Contains(code, StringComparison.Ordinal), $"{probe} answers {name}:\n{answer}");
                Assert.True(probe.IsCall || answer.Contains("WWW-Authenticate: Bearer", StringComparison.Ordinal), $"{probe} tells {name} not what it takes:\n{answer}");
            }
        }
    }

    [Fact]
    public async Task A_key_does_what_its_scopes_say_and_nothing_else()
    {
        var callers = new Dictionary<string, (HttpClient With, HttpClient Without)>();
        foreach (var scope in s_tenantScopes)
        {
            callers[scope] = (
                keyed.Client(await KeyedServer.MakeAsync(keyed.Operator, "bravo", scope)),
                keyed.Client(await KeyedServer.MakeAsync(keyed.Operator, "bravo", [.. s_tenantScopes.Where(other => other != scope)])));
        }

        callers["operator"] = (keyed.Client(await KeyedServer.MakeAsync(keyed.Operator, "bravo", "operator")), keyed.Bravo);
        foreach (var probe in await ProbesAsync())
        {
            var needed = Assert.Single(ScopeNames.Of(probe.Needed));
            var (with, without) = callers[needed];
            var refused = await AskAsync(without, probe);
            Assert.True(IsRefused(probe, refused, "403", "7") && refused.Contains("insufficient_scope", StringComparison.Ordinal), $"{probe} without {needed}:\n{refused}");
            Assert.Contains($"'{needed}'", Uri.UnescapeDataString(refused), StringComparison.Ordinal);
            var taken = await AskAsync(with, probe);
            Assert.False(taken.Contains("insufficient_scope", StringComparison.Ordinal) || IsRefused(probe, taken, "401", "16"), $"{probe} with {needed}:\n{taken}");
        }
    }

    [Theory]
    [InlineData("Authorization", "bearer {0}", 200)]
    [InlineData("Authorization", "Bearer   {0}", 200)]
    [InlineData("x-api-key", "{0}", 200)]
    [InlineData("Authorization", "{0}", 401)]
    [InlineData("Authorization", "Basic {0}", 401)]
    [InlineData("Authorization", "Bearer {0} {0}", 401)]
    [InlineData("x-api-key", "Bearer {0}", 401)]
    [InlineData("api-key", "{0}", 401)]
    [InlineData("Cookie", "key={0}", 401)]
    public async Task A_key_is_sent_in_two_ways(string header, string value, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        Assert.True(request.Headers.TryAddWithoutValidation(header, string.Format(null, value, await KeyedServer.MakeAsync(keyed.Operator, "bravo", "infer"))));
        using var response = await keyed.Client(null).SendAsync(request, Cancellation);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_key_in_the_address_opens_nothing()
    {
        var key = await KeyedServer.MakeAsync(keyed.Operator, "bravo", "infer");
        Assert.Equal(401, await StatusAsync(keyed.Client(null), $"/v1/models?api_key={key}&key={key}&access_token={key}"));
        Assert.Equal(200, await StatusAsync(keyed.Client(null), "/readyz"));
        Assert.Equal(200, await StatusAsync(keyed.Client(null), "/openapi/v1.json"));
    }

    [Fact]
    public async Task A_tenants_administrator_makes_rotates_and_revokes_the_tenants_keys()
    {
        var made = await KeyedServer.MakeAsync(keyed.Bravo, [], "infer");
        var id = made.Split('-')[1];
        var shown = await keyed.Bravo.GetJsonAsync($"/v1/keys/{id}");
        Assert.Equal(("bravo", $"as-{id}", null), ((string?)shown["tenant"], (string?)shown["prefix"], (string?)shown["key"]));
        var rotated = await keyed.Bravo.PostAsync($"/v1/keys/{id}:rotate", new JsonObject { ["grace_seconds"] = 3600 });
        var second = (string)rotated["key"]!;
        Assert.Equal((200, 200), (await StatusAsync(keyed.Client(made), "/v1/models"), await StatusAsync(keyed.Client(second), "/v1/models")));
        var third = (string)(await keyed.Bravo.PostAsync($"/v1/keys/{id}:rotate", new JsonObject { ["grace_seconds"] = 0 }))["key"]!;
        Assert.Equal((401, 401, 200), (await StatusAsync(keyed.Client(made), "/v1/models"), await StatusAsync(keyed.Client(second), "/v1/models"), await StatusAsync(keyed.Client(third), "/v1/models")));
        using var revoked = await keyed.Bravo.DeleteAsync($"/v1/keys/{id}", Cancellation);
        Assert.Equal((200, 401), ((int)revoked.StatusCode, await StatusAsync(keyed.Client(third), "/v1/models")));
        var actions = (await keyed.Bravo.GetJsonAsync($"/v1/audit?name={id}"))["data"]!.AsArray().Select(entry => (string?)entry!["action"]);
        Assert.Equal(["create_key", "rotate_key", "rotate_key", "revoke_key"], actions);
    }

    [Theory]
    [InlineData("""{"scopes":["operator"]}""", 403, "insufficient_scope")]
    [InlineData("""{"scopes":["infer"],"tenant":"alpha"}""", 403, "insufficient_scope")]
    [InlineData("""{"scopes":[]}""", 400, "invalid_scopes")]
    [InlineData("""{"scopes":["root"]}""", 400, "invalid_value")]
    [InlineData("""{"scopes":"infer"}""", 400, "invalid_type")]
    [InlineData("""{}""", 400, "missing_required_parameter")]
    [InlineData("""{"scopes":["infer"],"expires_in":0}""", 400, "invalid_value")]
    [InlineData("""{"scopes":["infer"],"expires_at":0}""", 400, "unsupported_parameter")]
    [InlineData("""{"scopes":["infer"],"name":"a\nb"}""", 400, "invalid_key_name")]
    public async Task A_key_that_may_not_be_is_refused(string body, int status, string code)
    {
        using var response = await keyed.Bravo.PostAsync("/v1/keys", Api.Json(body), Cancellation);
        Assert.Equal((status, code), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
    }

    private static bool IsRefused(Probe probe, string answer, string status, string grpcStatus) =>
        probe.IsCall ? answer.Contains($"grpc-status: {grpcStatus}\n", StringComparison.Ordinal) : answer.StartsWith(status, StringComparison.Ordinal);

    private static async Task<int> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path, Cancellation);
        return (int)response.StatusCode;
    }

    private async Task<IReadOnlyList<Probe>> ProbesAsync() => await Probe.AllAsync(await keyed.Server.Client.GetJsonAsync("/openapi/v1.json"));

    private async Task<string> AskAsync(HttpClient client, Probe probe)
    {
        using var request = probe.Request((keyed.Server.Address, keyed.Server.GrpcAddress), "nobody", "bravo", 0);
        return await Probe.AnswerAsync(client, request, probe.Messages, Cancellation);
    }
}
