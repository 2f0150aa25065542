using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Access;

/// <summary>Finds out who asks, over REST and gRPC alike, and whether they may. Behind routing, which knows what is asked.</summary>
internal sealed class AccessMiddleware(RequestDelegate next, ServerState state)
{
    public Task InvokeAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        // Routing's own answers (405) stand on no route.
        if (context.GetEndpoint() is RouteEndpoint endpoint && NeedsAttribute.Of(endpoint) is not AccessScopes.None and var needed)
        {
            var principal = state.Model.Access.Identify(context);
            principal.Require(needed);
            context.Features.Set(principal);
        }

        return next(context);
    }
}
