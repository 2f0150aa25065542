using System.Globalization;
using AdapterServe.AdapterServer.Errors;
using Grpc.Core;

namespace AdapterServe.AdapterServer.Grpc.Errors;

/// <summary>The REST interface's errors as gRPC's: a status by the HTTP status, the same sentence, and the same stable word in the trailer <c>error-code</c>.</summary>
internal static class GrpcErrors
{
    public const string Code = "error-code";
    public const string Param = "error-param";
    public const string RetryAfter = "retry-after";

    private const string ContentType = "application/grpc";

    /// <summary>Clients take 8 KiB of trailers by default, and an escaped character may be twelve.</summary>
    private const int MaxMessageCharacters = 500;

    public static bool IsCall(HttpRequest request) =>
        HttpProtocol.IsHttp2(request.Protocol) && request.ContentType?.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) == true;

    public static RpcException Of(ApiError error, Exception? cause = null)
    {
        var trailers = new Metadata();
        foreach (var (key, value) in Trailers(error))
        {
            trailers.Add(key, value);
        }

        return new RpcException(new Status(StatusOf(error), MessageOf(error), cause), trailers);
    }

    /// <summary>An answer that is nothing but the error, for a call that reached no method.</summary>
    public static void Write(HttpResponse response, ApiError error)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = ContentType;
        foreach (var (key, value) in Trailers(error))
        {
            response.Headers[key] = value;
        }

        response.Headers["grpc-status"] = ((int)StatusOf(error)).ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Uri.EscapeDataString(MessageOf(error));
    }

    public static StatusCode StatusOf(ApiError error) => error switch
    {
        { Body.Error.Code: ErrorCodes.RouteNotFound or ErrorCodes.MethodNotAllowed } => StatusCode.Unimplemented,
        { Status: StatusCodes.Status400BadRequest or StatusCodes.Status415UnsupportedMediaType } => StatusCode.InvalidArgument,
        { Status: StatusCodes.Status401Unauthorized } => StatusCode.Unauthenticated,
        { Status: StatusCodes.Status403Forbidden } => StatusCode.PermissionDenied,
        { Status: StatusCodes.Status404NotFound } => StatusCode.NotFound,
        { Status: StatusCodes.Status408RequestTimeout } => StatusCode.DeadlineExceeded,
        { Status: StatusCodes.Status409Conflict or StatusCodes.Status412PreconditionFailed } => StatusCode.Aborted,
        { Status: StatusCodes.Status422UnprocessableEntity } => StatusCode.FailedPrecondition,
        { Status: StatusCodes.Status413PayloadTooLarge or StatusCodes.Status429TooManyRequests or StatusCodes.Status507InsufficientStorage } => StatusCode.ResourceExhausted,
        { Status: StatusCodes.Status503ServiceUnavailable } => StatusCode.Unavailable,
        _ => StatusCode.Internal,
    };

    private static string MessageOf(ApiError error) =>
        error.Body.Error.Message is { Length: > MaxMessageCharacters } message ? message[..MaxMessageCharacters] + "…" : error.Body.Error.Message;

    private static IEnumerable<(string Key, string Value)> Trailers(ApiError error)
    {
        yield return (Code, error.Body.Error.Code);
        if (error.Body.Error.Param is { } param)
        {
            // Names of fields; what a client may have made of them is escaped.
            yield return (Param, string.Concat(param.Take(MaxMessageCharacters).Select(letter => char.IsAscii(letter) && !char.IsControl(letter) ? letter : '?')));
        }

        if (error.RetryAfterSeconds is { } seconds)
        {
            yield return (RetryAfter, seconds.ToString(CultureInfo.InvariantCulture));
        }
    }
}
