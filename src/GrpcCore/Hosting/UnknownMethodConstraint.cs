using Grpc.AspNetCore.Server.Calls;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grpc.AspNetCore.Server.Hosting;

/// <summary>Only gRPC's requests take the route of unknown methods.</summary>
internal sealed class UnknownMethodConstraint : IRouteConstraint
{
    public const string Name = "grpcunknown";

    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        httpContext is null || GrpcProtocol.IsGrpc(httpContext.Request);
}
