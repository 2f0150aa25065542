using System.Text.Json;
using AdapterServe.AdapterServer.Grpc.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Messages;

namespace AdapterServe.AdapterServer.Errors;

/// <summary>Writes an <see cref="ApiError"/> as the whole answer.</summary>
internal static class ErrorWriter
{
    public static async Task WriteAsync(HttpContext context, ApiError error)
    {
        // Routing's headers (Allow, with 405) stay; a body's headers that a handler had begun to set do not.
        context.Response.Headers.ContentLength = null;
        context.Response.Headers.ETag = default;
        if (GrpcErrors.IsCall(context.Request))
        {
            GrpcErrors.Write(context.Response, error);
            return;
        }

        context.Response.StatusCode = error.Status;
        if (error.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (Challenge(error) is { } challenge)
        {
            context.Response.Headers.WWWAuthenticate = challenge;
        }

        context.Response.ContentType = "application/json";
        var body = MessageError.IsFor(context.Request)
            ? JsonSerializer.SerializeToUtf8Bytes(MessageError.Of(error), RestJson.Answers.MessageError)
            : JsonSerializer.SerializeToUtf8Bytes(error.Body, RestJson.Answers.ErrorBody);
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>RFC 6750's words.</summary>
    private static string? Challenge(ApiError error) => error.Body.Error.Code switch
    {
        ErrorCodes.MissingApiKey => "Bearer",
        ErrorCodes.InvalidApiKey or ErrorCodes.InvalidToken => "Bearer error=\"invalid_token\"",
        ErrorCodes.InsufficientScope => "Bearer error=\"insufficient_scope\"",
        _ => null,
    };
}
