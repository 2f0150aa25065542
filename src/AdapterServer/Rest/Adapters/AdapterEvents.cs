using System.Globalization;
using System.Text;
using System.Text.Json;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>
/// <c>GET /v1/adapters:events</c>: the caller's changes as server-sent events. Each has the change's number as its id, its action as the event's name and an entry of the audit log as data,
/// so a client that reconnects with <c>Last-Event-ID</c> misses nothing.
/// </summary>
internal static class AdapterEvents
{
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static async Task GetAsync(HttpContext context, ServingModel model, IHostApplicationLifetime lifetime)
    {
        // A stream without end must not hold up a server that is told to stop.
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var after = AuditEndpoint.After(context.Request.Headers["Last-Event-ID"]) ?? AuditEndpoint.After(context.Request.Query["after"])
            ?? await model.Store.Audit.LastRevisionAsync(ends.Token).ConfigureAwait(false);
        Begin(context);
        try
        {
            await WriteAsync(context, ": the changes of your adapters\n\n").ConfigureAwait(false);
            await foreach (var entry in model.Store.Audit.FollowAsync(model.Principal.Tenant, after, Heartbeat, ends.Token).ConfigureAwait(false))
            {
                await WriteAsync(context, entry is null ? ":\n\n" : Event(AuditItem.Of(entry))).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (context.Response.HasStarted && error is OperationCanceledException or AdapterStoreException)
        {
            // The client left, the server stops, or the registry is away: the client comes back with the last number that it saw.
        }
    }

    /// <summary>An answer without end.</summary>
    public static void Begin(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers["X-Accel-Buffering"] = "no";
    }

    public static async Task WriteAsync(HttpContext context, string text)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static string Event(AuditItem item) =>
        string.Create(CultureInfo.InvariantCulture, $"id: {item.Id}\nevent: {item.Action}\ndata: {JsonSerializer.Serialize(item, RestJson.Answers.AuditItem)}\n\n");
}
