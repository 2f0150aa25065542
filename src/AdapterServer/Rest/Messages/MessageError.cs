using AdapterServe.AdapterServer.Errors;

namespace AdapterServe.AdapterServer.Rest.Messages;

/// <summary>An error in Anthropic's body, with this server's word for programs and the field at fault beside it.</summary>
internal sealed record MessageError(MessageErrorDetail Error)
{
    public string Type { get; } = "error";

    /// <summary>Whether a request's errors have this form.</summary>
    public static bool IsFor(HttpRequest request) => request.Path.StartsWithSegments("/v1/messages");

    public static MessageError Of(ApiError error) => new(new MessageErrorDetail(TypeOf(error.Status), error.Body.Error.Message, error.Body.Error.Code, error.Body.Error.Param));

    private static string TypeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status413PayloadTooLarge => "request_too_large",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        StatusCodes.Status503ServiceUnavailable => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
