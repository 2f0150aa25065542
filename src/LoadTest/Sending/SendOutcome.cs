using System.Globalization;

namespace AdapterServe.LoadTest.Sending;

/// <summary>How a request ended.</summary>
/// <param name="Status">The HTTP status; 0 when no answer came.</param>
/// <param name="ErrorCode">A stable word; null for an answer that is complete.</param>
/// <param name="Message">The server's or the system's words.</param>
/// <param name="PromptTokens">As the server counted them, where it did.</param>
/// <param name="OutputTokens">As the server counted them, where it did.</param>
internal sealed record SendOutcome(int Status, string? ErrorCode = null, string? Message = null, int? PromptTokens = null, int? OutputTokens = null)
{
    /// <summary>Of a request that the run's end cut off.</summary>
    public const string Unfinished = "unfinished";

    public static SendOutcome Failed(int status, string code, string message) => new(status, code, message);

    public string Describe() => Status == 0
        ? $"{ErrorCode}: {Message}"
        : string.Create(CultureInfo.InvariantCulture, $"{Status} {ErrorCode}: {Message}");
}
