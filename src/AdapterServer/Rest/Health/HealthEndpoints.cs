using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.Rest.Health;

/// <summary>Probes: alive as long as the process answers, ready as long as requests are answered.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/livez", LiveAsync).WithName("Live").WithTags("health").Produces<HealthStatus>();
        routes.MapGet("/readyz", ReadyAsync).WithName("Ready").WithTags("health").Produces<HealthStatus>().Produces<ErrorBody>(StatusCodes.Status503ServiceUnavailable);
    }

    private static Task LiveAsync(HttpContext context) => JsonAnswer.WriteAsync(context, new HealthStatus("live"), RestJson.Answers.HealthStatus);

    private static Task ReadyAsync(HttpContext context, ServerState state) => state.Phase switch
    {
        ServerPhase.Ready => JsonAnswer.WriteAsync(context, new HealthStatus("ready"), RestJson.Answers.HealthStatus),
        var phase => throw RequestGate.TurnedAway(phase),
    };
}
