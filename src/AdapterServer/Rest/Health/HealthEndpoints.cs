using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterStore.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdapterServe.AdapterServer.Rest.Health;

/// <summary>Probes: alive as long as the process answers, ready as long as requests are answered.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/livez", Live).WithName("Live").Needs(AccessScopes.None).WithTags("health");
        routes.MapGet("/readyz", Ready).WithName("Ready").Needs(AccessScopes.None).WithTags("health").Produces<ErrorBody>(StatusCodes.Status503ServiceUnavailable);
    }

    private static Ok<HealthStatus> Live() => TypedResults.Ok(new HealthStatus("live"));

    private static Ok<HealthStatus> Ready(ServerState state) =>
        state.Phase == ServerPhase.Ready ? TypedResults.Ok(new HealthStatus("ready")) : throw RequestGate.TurnedAway(state.Phase);
}
