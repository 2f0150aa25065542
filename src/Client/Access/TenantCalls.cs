using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.Client.Http;

namespace AdapterServe.Client.Access;

/// <summary>What operators set for tenants. Answers are the server's own JSON. <b>Effects</b> and <b>Errors</b>: as <see cref="AdapterServeClient"/>.</summary>
public sealed class TenantCalls
{
    private readonly RestConnection _rest;

    internal TenantCalls(RestConnection rest) => _rest = rest;

    public IAsyncEnumerable<JsonElement> ListAsync(CancellationToken cancellation = default) => _rest.ListAsync("v1/tenants?limit=200", "name", cancellation);

    public Task<JsonElement> GetAsync(string tenant, CancellationToken cancellation = default) => _rest.AskAsync(HttpMethod.Get, PathOf(tenant), null, cancellation);

    /// <param name="tenant">Its name.</param>
    /// <param name="settings">All of them: <c>limits</c>, <c>weight</c>, <c>priority</c>, <c>labels</c>; what is missing gets its default.</param>
    /// <param name="cancellation">Ends it.</param>
    public Task<JsonElement> SetAsync(string tenant, JsonObject settings, CancellationToken cancellation = default) =>
        _rest.AskAsync(HttpMethod.Put, PathOf(tenant), RestConnection.Json(settings), cancellation);

    /// <summary>Its settings are the server's defaults again.</summary>
    public Task<JsonElement> DeleteAsync(string tenant, CancellationToken cancellation = default) => _rest.AskAsync(HttpMethod.Delete, PathOf(tenant), null, cancellation);

    private static string PathOf(string tenant) => "v1/tenants/" + Uri.EscapeDataString(tenant);
}
