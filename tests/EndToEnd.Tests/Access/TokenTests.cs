using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Access;

/// <summary>A server that takes JSON web tokens of an issuer whose keys stand in a file. The forms of wrong tokens are tried in AdapterServer.Tests.</summary>
public sealed class TokenTests : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly string _file = Path.GetTempFileName();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_opens_its_tenants_namespace()
    {
        var point = _key.ExportParameters(false).Q;
        await File.WriteAllTextAsync(
            _file, new JsonObject { ["keys"] = new JsonArray(new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["kid"] = "k", ["x"] = Text(point.X!), ["y"] = Text(point.Y!) }) }.ToJsonString(), Cancellation);
        await using var server = await ServerProcess.StartAsync(["--no-demo", "--jwt-keys", _file, "--jwt-issuer", "me", "--jwt-audience", "it", "--jwt-tenant-claim", "org"]);
        Assert.Equal(401, await StatusAsync(server, null));
        Assert.Equal(200, await StatusAsync(server, Token("ES256", "acme", "infer upload")));
        Assert.Equal(403, await StatusAsync(server, Token("ES256", "acme", "admin profile")));
        Assert.Equal(401, await StatusAsync(server, Token("none", "acme", "infer")));
        server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token("ES256", "acme", "infer upload"));
        using var put = await server.Client.PutFilesAsync("mine", Api.Files(Repository.Adapter("pirate-lora")));
        Assert.Equal(201, (int)put.StatusCode);
        server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token("ES256", "other", "infer"));
        Assert.Empty((await server.Client.GetJsonAsync("/v1/adapters"))["data"]!.AsArray());
    }

    [Fact]
    public async Task A_file_without_keys_is_a_start_that_can_not_be()
    {
        await File.WriteAllTextAsync(_file, """{"keys":[]}""", Cancellation);
        var (exitCode, log) = await ServerProcess.RunAsync(["--jwt-keys", _file, "--jwt-issuer", "me", "--jwt-audience", "it"]);
        Assert.Equal(1, exitCode);
        Assert.Contains($"adapterserve: --jwt-keys {_file}: it has no key for RS256 or ES256.", log, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _key.Dispose();
        File.Delete(_file);
    }

    private static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private static string Text(JsonObject json) => Text(Encoding.UTF8.GetBytes(json.ToJsonString()));

    private static async Task<int> StatusAsync(ServerProcess server, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await server.Client.SendAsync(request, Cancellation);
        return (int)response.StatusCode;
    }

    private string Token(string algorithm, string tenant, string scope)
    {
        var claims = new JsonObject { ["iss"] = "me", ["aud"] = "it", ["org"] = tenant, ["scope"] = scope, ["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3600 };
        var content = Text(new JsonObject { ["alg"] = algorithm, ["kid"] = "k" }) + "." + Text(claims);
        return content + "." + Text(_key.SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256));
    }
}
