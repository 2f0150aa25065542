using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Calls;

/// <summary>Names of the protocol, and which requests are calls. <b>Source</b>: gRPC's "gRPC over HTTP2".</summary>
internal static class GrpcProtocol
{
    public const string ContentType = "application/grpc";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string Identity = "identity";

    public static bool IsGrpc(HttpRequest request)
    {
        var type = request.ContentType.AsSpan();
        return type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) && (type.Length == ContentType.Length || type[ContentType.Length] is '+' or ';' or ' ');
    }

    /// <summary>Whether the request can be a call; otherwise its answer has the HTTP status that says why not.</summary>
    public static bool Accepts(HttpContext context)
    {
        var status = !HttpProtocol.IsHttp2(context.Request.Protocol) && !HttpProtocol.IsHttp3(context.Request.Protocol) ? StatusCodes.Status426UpgradeRequired
            : !IsGrpc(context.Request) ? StatusCodes.Status415UnsupportedMediaType
            : StatusCodes.Status200OK;
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status426UpgradeRequired)
        {
            context.Response.Headers.Upgrade = HttpProtocol.Http2;
        }

        return status == StatusCodes.Status200OK;
    }
}
