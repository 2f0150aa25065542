namespace AdapterServe.AdapterServer.Errors;

/// <summary>A request that the host turns down. <see cref="ErrorMapper"/> makes the answer of it.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="message">One clear sentence: what is wrong and, where there is one, the cure.</param>
/// <param name="param">The request's field at fault, or null.</param>
internal sealed class ApiException(int status, string code, string message, string? param = null) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    public string? Param { get; } = param;

    public int? RetryAfterSeconds { get; init; }

    public static ApiException Invalid(string param, string message) => new(StatusCodes.Status400BadRequest, ErrorCodes.InvalidValue, message, param);

    public static ApiException WrongType(string param, string expected) =>
        new(StatusCodes.Status400BadRequest, ErrorCodes.InvalidType, $"'{param}' must be {expected}.", param);

    public static ApiException Missing(string param) =>
        new(StatusCodes.Status400BadRequest, ErrorCodes.MissingParameter, $"'{param}' is required.", param);

    public static ApiException Unsupported(string param, string message) =>
        new(StatusCodes.Status400BadRequest, ErrorCodes.UnsupportedParameter, message, param);
}
