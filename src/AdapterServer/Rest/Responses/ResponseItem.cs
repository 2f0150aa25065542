using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.Responses;

/// <summary>A message, or a call of a function.</summary>
internal sealed record ResponseItem
{
    public required string Id { get; init; }

    /// <summary><c>message</c> or <c>function_call</c>.</summary>
    public required string Type { get; init; }

    /// <summary><c>in_progress</c>, <c>completed</c> or <c>incomplete</c>.</summary>
    public required string Status { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ResponsePart>? Content { get; init; }

    /// <summary>Named by the item that answers the call.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CallId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>JSON text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Arguments { get; init; }
}
