namespace Grpc.Core;

/// <summary>How a call ended, with a sentence for a person.</summary>
public readonly record struct Status
{
    public static readonly Status DefaultSuccess = new(StatusCode.OK, string.Empty);
    public static readonly Status DefaultCancelled = new(StatusCode.Cancelled, string.Empty);

    private readonly string? _detail;

    public Status(StatusCode statusCode, string detail)
        : this(statusCode, detail, null)
    {
    }

    public Status(StatusCode statusCode, string detail, Exception? debugException) =>
        (StatusCode, _detail, DebugException) = (statusCode, detail, debugException);

    public StatusCode StatusCode { get; }

    /// <summary>Goes to the client.</summary>
    public string Detail => _detail ?? string.Empty;

    /// <summary>Stays here.</summary>
    public Exception? DebugException { get; }

    public override string ToString() => $"Status(StatusCode=\"{StatusCode}\", Detail=\"{Detail}\")";
}
