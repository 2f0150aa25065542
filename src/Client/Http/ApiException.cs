namespace AdapterServe.Client.Http;

/// <summary>What a server answered in place of what was asked for.</summary>
public sealed class ApiException(int status, string? code, string message, TimeSpan? retryAfter = null) : Exception(message)
{
    /// <summary>The HTTP status; 200 when a stream that had begun ended with an error.</summary>
    public int Status { get; } = status;

    /// <summary>The error's stable word, where the server gives one.</summary>
    public string? Code { get; } = code;

    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
