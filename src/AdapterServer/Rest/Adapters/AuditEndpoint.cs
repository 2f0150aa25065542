using System.Globalization;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary><c>GET /v1/audit</c>: who did what when; a page of at most 1,000 entries, 100 unless asked for.</summary>
internal static class AuditEndpoint
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    public static async Task GetAsync(HttpContext context, ServingModel model)
    {
        var query = context.Request.Query;
        var limit = Math.Min(Page.Of(context.Request).Limit ?? DefaultLimit, MaxLimit);
        // One more than asked for tells whether more follow.
        var wanted = new AuditQuery(AdapterPlace.Namespace(model.Principal, query["namespace"]), After(query["after"]) ?? 0, limit + 1) { Name = query["name"], Action = query["action"] };
        var entries = await model.Store.Audit.ReadAsync(wanted, context.RequestAborted).ConfigureAwait(false);
        var page = new AuditList("list", [.. entries.Take(limit).Select(AuditItem.Of)], entries.Count > limit);
        await JsonAnswer.WriteAsync(context, page, RestJson.Answers.AuditList).ConfigureAwait(false);
    }

    /// <summary>An entry's id; null where none is given.</summary>
    public static long? After(string? text) => string.IsNullOrEmpty(text) ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var after) ? after
        : throw ApiException.Invalid("after", "'after' is the id of an entry, a whole number.");
}
