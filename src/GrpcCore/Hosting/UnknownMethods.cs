using Grpc.AspNetCore.Server.Calls;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server.Hosting;

/// <summary>Answers calls of methods and services that nobody mapped.</summary>
internal sealed class UnknownMethods(IOptions<GrpcServiceOptions> options)
{
    private int _isMapped;

    public void MapOnce(IEndpointRouteBuilder routes)
    {
        if (options.Value.IgnoreUnknownServices != true && Interlocked.Exchange(ref _isMapped, 1) == 0)
        {
            routes.Map($"{{service}}/{{method:{UnknownMethodConstraint.Name}}}", Answer).ExcludeFromDescription().WithDisplayName("gRPC - unknown method");
        }
    }

    private static Task Answer(HttpContext context)
    {
        if (GrpcProtocol.Accepts(context))
        {
            context.Response.ContentType = GrpcProtocol.ContentType;
            Trailers.Write(context.Response, new Status(StatusCode.Unimplemented, "The method is not known here."), []);
        }

        return Task.CompletedTask;
    }
}
