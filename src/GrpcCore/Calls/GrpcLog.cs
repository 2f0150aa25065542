using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server.Calls;

/// <summary>The catalogue of gRPC calls, events 6000 to 6099.</summary>
internal static partial class GrpcLog
{
    [LoggerMessage(6000, LogLevel.Error, "The call of {Method} failed")]
    public static partial void HandlerFailed(ILogger logger, string method, Exception exception);
}
