using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>A call, or what an event adds to one: the first has id, type and name, all have a part of the arguments.</summary>
/// <param name="Index">Which call of the message; in streams only.</param>
/// <param name="Id">Names the call in the message that answers it.</param>
/// <param name="Type">Always <c>function</c>.</param>
/// <param name="Function">What is called.</param>
internal sealed record ChatToolCall(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Type,
    ChatFunctionCall Function);
