using System.Text.Json;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Adapters;

namespace AdapterServe.AdapterServer.Rest.Uploads;

/// <summary>
/// <c>GET /v1/uploads/{id}:events</c>: the upload's state now and after each change as server-sent events, each named after the state; the last one
/// ends the stream.
/// </summary>
internal static class UploadEvents
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static async Task GetAsync(HttpContext context, ServingModel model, string id, IHostApplicationLifetime lifetime)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var tenant = model.Principal.Tenant;
        model.Store.Resumable.Get(tenant, id);
        AdapterEvents.Begin(context);
        try
        {
            await foreach (var status in model.Store.Resumable.FollowAsync(tenant, id, Heartbeat, ends.Token).ConfigureAwait(false))
            {
                var text = status is null
                    ? ":\n\n"
                    : $"event: {status.State}\ndata: {JsonSerializer.Serialize(status, RestJson.Answers.UploadStatus)}\n\n";
                await AdapterEvents.WriteAsync(context, text).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (context.Response.HasStarted)
        {
            // The client left or the server stops.
        }
    }
}
