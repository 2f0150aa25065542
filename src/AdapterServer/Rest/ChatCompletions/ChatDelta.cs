using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>What an event adds to the answer: first the role, then text and calls, at last nothing.</summary>
internal sealed record ChatDelta(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Role = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Content = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ChatToolCall>? ToolCalls = null);
