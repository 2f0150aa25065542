using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Grpc;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Turns requests away with 503 and <c>Retry-After</c> while the server starts or stops, and counts those that run.</summary>
internal sealed class RequestGate(RequestDelegate next, ServerState state)
{
    private const int StartingRetrySeconds = 2;
    private const int StoppingRetrySeconds = 5;

    public async Task InvokeAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (IsAlwaysOpen(context.Request.Path))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        if (!state.TryEnter(out var phase))
        {
            throw TurnedAway(phase);
        }

        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            state.Leave();
        }
    }

    /// <summary>The answer while the server is not ready.</summary>
    public static ApiException TurnedAway(ServerPhase phase) => phase == ServerPhase.Starting
        ? new ApiException(503, ErrorCodes.ServerStarting, "The server is starting.") { RetryAfterSeconds = StartingRetrySeconds }
        : new ApiException(503, ErrorCodes.ServerStopping, "The server is stopping.") { RetryAfterSeconds = StoppingRetrySeconds };

    private static bool IsAlwaysOpen(PathString path) =>
        path.Value is "/livez" or "/readyz" or "/v2/health/live" or "/v2/health/ready" || GrpcServices.IsAlwaysOpen(path);
}
