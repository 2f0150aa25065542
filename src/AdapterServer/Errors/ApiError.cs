namespace AdapterServe.AdapterServer.Errors;

/// <summary>What is answered for an exception.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">OpenAI's error body.</param>
/// <param name="RetryAfterSeconds">The <c>Retry-After</c> header, or null for none.</param>
internal sealed record ApiError(int Status, ErrorBody Body, int? RetryAfterSeconds)
{
    public static ApiError Of(int status, string code, string message, string? param = null, int? retryAfterSeconds = null) =>
        new(status, new ErrorBody(new ErrorDetail(message, TypeOf(status), param, code)), retryAfterSeconds);

    private static string TypeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };
}
