using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>The answer of a chat.</summary>
/// <param name="Role">Always <c>assistant</c>.</param>
/// <param name="Content">Null where there are calls and no text.</param>
/// <param name="Refusal">Always null.</param>
/// <param name="ToolCalls">Null where nothing is called.</param>
internal sealed record ChatMessage(
    string Role,
    string? Content,
    string? Refusal,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ChatToolCall>? ToolCalls = null);
