using Grpc.Core;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>What a client calls its request; null where it does not.</summary>
internal static class RequestId
{
    private const string Name = "x-request-id";

    public static string? Of(HttpContext context) => context.Request.Headers.TryGetValue(Name, out var id) ? id.ToString() : null;

    public static string? Of(ServerCallContext context) => context.RequestHeaders.GetValue(Name);
}
