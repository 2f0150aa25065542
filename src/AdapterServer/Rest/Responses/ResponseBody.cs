using System.Text.Json;

namespace AdapterServe.AdapterServer.Rest.Responses;

/// <summary>A response, as it stands.</summary>
internal sealed record ResponseBody
{
    public required string Id { get; init; }

    public string Object { get; } = "response";

    /// <summary>Unix seconds.</summary>
    public required long CreatedAt { get; init; }

    /// <summary><c>in_progress</c>, <c>completed</c>, <c>incomplete</c> or <c>failed</c>.</summary>
    public required string Status { get; init; }

    public ResponseError? Error { get; init; }

    public ResponseIncomplete? IncompleteDetails { get; init; }

    public required string Model { get; init; }

    public required IReadOnlyList<ResponseItem> Output { get; init; }

    public ResponseUsage? Usage { get; init; }

    public JsonElement? Instructions { get; init; }

    public JsonElement? MaxOutputTokens { get; init; }

    public required JsonElement Metadata { get; init; }

    public required JsonElement ParallelToolCalls { get; init; }

    public required JsonElement Text { get; init; }

    public required JsonElement ToolChoice { get; init; }

    public required JsonElement Tools { get; init; }

    public JsonElement? User { get; init; }

    public required float Temperature { get; init; }

    public required float TopP { get; init; }

    public string Truncation { get; } = "disabled";

    public string? PreviousResponseId { get; }

    public bool Background { get; }

    public bool Store { get; }
}
