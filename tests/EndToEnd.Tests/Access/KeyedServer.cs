using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Access;

/// <summary>A server with an operator's key, and two tenants: <c>alpha</c>, which has an adapter, and <c>bravo</c>, which has none.</summary>
public sealed class KeyedServer : IAsyncLifetime
{
    private readonly List<HttpClient> _clients = [];
    private ServerProcess? _server;

    internal ServerProcess Server => _server ?? throw new InvalidOperationException("The server was not started.");

    internal HttpClient Operator { get; private set; } = new();

    internal HttpClient Alpha { get; private set; } = new();

    internal HttpClient Bravo { get; private set; } = new();

    /// <summary>The id of alpha's key.</summary>
    internal string AlphaKeyId { get; private set; } = string.Empty;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(["--no-demo"]);
        Operator = Client(await MakeAsync(Server.Client, "main", "operator"));
        var alpha = await MakeAsync(Operator, "alpha", "infer", "upload", "admin");
        AlphaKeyId = alpha.Split('-')[1];
        Alpha = Client(alpha);
        Bravo = Client(await MakeAsync(Operator, "bravo", "infer", "upload", "admin"));
        using var put = await Alpha.PutFilesAsync(IsolationTests.Secret, Api.Files(Repository.Adapter("pirate-lora")));
        put.EnsureSuccessStatusCode();
        using var alias = await Alpha.PutAsync($"/v1/adapters/{IsolationTests.Secret}/aliases/prod", Api.Json("""{"version":1}"""), TestContext.Current.CancellationToken);
        alias.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    /// <summary>One that shows a key, or null for none.</summary>
    internal HttpClient Client(string? key)
    {
        var client = new HttpClient { BaseAddress = Server.Address, Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        _clients.Add(client);
        return client;
    }

    /// <summary>A new key.</summary>
    internal static async Task<string> MakeAsync(HttpClient maker, string tenant, params string[] scopes) => await MakeAsync(maker, new JsonObject { ["tenant"] = tenant }, scopes);

    /// <inheritdoc cref="MakeAsync(HttpClient, string, string[])"/>
    internal static async Task<string> MakeAsync(HttpClient maker, JsonObject wish, params string[] scopes)
    {
        wish["scopes"] = new JsonArray([.. scopes.Select(scope => (JsonNode)scope)]);
        using var response = await maker.PostAsync("/v1/keys", Api.Json(wish.ToJsonString()), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True((int)response.StatusCode == 201, text);
        return (string)JsonNode.Parse(text)!["key"]!;
    }
}
