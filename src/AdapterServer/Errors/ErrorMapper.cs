using AdapterServe.AdapterStore;
using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Errors;

/// <summary>The one place where exceptions become statuses.</summary>
internal static class ErrorMapper
{
    private const int BusyRetrySeconds = 1;
    private const int StoppingRetrySeconds = 5;
    private const int AwayRetrySeconds = 2;
    private const int RoomRetrySeconds = 60;

    /// <summary>The answer to <paramref name="exception"/>. Details of what nobody expected go to the log, never to the client.</summary>
    public static ApiError Map(Exception exception) => exception switch
    {
        ApiException e => ApiError.Of(e.Status, e.Code, e.Message, e.Param, e.RetryAfterSeconds),
        AdapterStoreException e => ApiError.Of(StatusOf(e.Kind), e.Code, e.Message, null, RetryAfter(e.Kind)),
        EngineBusyException { Stopping: true } e => ApiError.Of(503, ErrorCodes.ServerStopping, e.Message, null, StoppingRetrySeconds),
        EngineBusyException e => ApiError.Of(429, ErrorCodes.QueueFull, e.Message, null, BusyRetrySeconds),
        FusedConflictException e => OfFused(e),
        SwitchRunningException e => ApiError.Of(409, ErrorCodes.SwitchRunning, e.Message),
        NotFusableException { IsOff: true } e => ApiError.Of(409, ErrorCodes.FusedModeOff, e.Message),
        NotFusableException e => ApiError.Of(422, ErrorCodes.NotFusable, e.Message),
        BadHttpRequestException e => OfBadRequest(e),
        _ => ApiError.Of(500, ErrorCodes.InternalError, "The server failed on this request; its log has the details."),
    };

    /// <summary>The answer where routing gave a status and no body.</summary>
    public static ApiError OfStatus(int status, string method, string path) => status switch
    {
        404 => ApiError.Of(404, ErrorCodes.RouteNotFound, $"There is no route {Shorten(path)}."),
        405 => ApiError.Of(405, ErrorCodes.MethodNotAllowed, $"{Shorten(method)} is not allowed on {Shorten(path)}."),
        413 => ApiError.Of(413, ErrorCodes.RequestTooLarge, "The request is larger than the limit."),
        415 => ApiError.Of(415, ErrorCodes.UnsupportedContentType, "This content type is not taken here."),
        426 => ApiError.Of(426, ErrorCodes.WrongHttpVersion, "gRPC needs HTTP/2; without TLS it has a port of its own (--grpc-port)."),
        >= 500 => ApiError.Of(status, ErrorCodes.InternalError, "The server failed on this request; its log has the details."),
        _ => ApiError.Of(status, ErrorCodes.BadRequest, "The request is malformed."),
    };

    private static int StatusOf(AdapterErrorKind kind) => kind switch
    {
        AdapterErrorKind.Malformed => 400,
        AdapterErrorKind.Unservable => 422,
        AdapterErrorKind.TooLarge => 413,
        AdapterErrorKind.NotFound => 404,
        AdapterErrorKind.Conflict => 409,
        AdapterErrorKind.PreconditionFailed => 412,
        AdapterErrorKind.QuotaExceeded => 429,
        AdapterErrorKind.StorageFull => 507,
        AdapterErrorKind.Unavailable => 503,
        _ => 500,
    };

    private static int? RetryAfter(AdapterErrorKind kind) => kind switch
    {
        AdapterErrorKind.Unavailable => AwayRetrySeconds,
        // Room comes when somebody deletes something.
        AdapterErrorKind.QuotaExceeded => RoomRetrySeconds,
        _ => null,
    };

    private static ApiError OfFused(FusedConflictException e) =>
        ApiError.Of(409, ErrorCodes.AdapterFused, $"{e.Message} POST /v1/adapters/{e.Target.Version.Name}:unfuse does that.", "model");

    private static ApiError OfBadRequest(BadHttpRequestException e) => e.StatusCode switch
    {
        413 => ApiError.Of(413, ErrorCodes.RequestTooLarge, "The request's body is larger than the limit."),
        408 => ApiError.Of(408, ErrorCodes.RequestTimeout, "The request's body came too slowly."),
        _ => ApiError.Of(400, ErrorCodes.BadRequest, "The request is malformed or its body ended early."),
    };

    private static string Shorten(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
