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
        var wanted = new AuditQuery(AdapterPlace.Namespace(model.Principal, query["namespace"]), After(query["after"]) ?? 0, LimitOf(Page.Of(context.Request)))
        {
            Name = query["name"], Action = query["action"],
        };
        var (entries, hasMore) = await ReadAsync(model, wanted, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, new AuditList("list", [.. entries.Select(AuditItem.Of)], hasMore), RestJson.Answers.AuditList).ConfigureAwait(false);
    }

    public static int LimitOf(Page page) => Math.Min(page.Limit ?? DefaultLimit, MaxLimit);

    /// <summary>A page, and whether more follow it.</summary>
    public static async Task<(IReadOnlyList<AuditEntry> Entries, bool HasMore)> ReadAsync(ServingModel model, AuditQuery wanted, CancellationToken cancellationToken)
    {
        // One more than asked for tells whether more follow.
        var entries = await model.Store.Audit.ReadAsync(wanted with { Limit = wanted.Limit + 1 }, cancellationToken).ConfigureAwait(false);
        return ([.. entries.Take(wanted.Limit)], entries.Count > wanted.Limit);
    }

    /// <summary>An entry's id; null where none is given.</summary>
    public static long? After(string? text) => string.IsNullOrEmpty(text) ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var after) ? after
        : throw ApiException.Invalid("after", "'after' is the id of an entry, a whole number.");
}
