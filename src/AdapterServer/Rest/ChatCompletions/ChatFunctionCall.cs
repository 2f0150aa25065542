using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <param name="Name">The function.</param>
/// <param name="Arguments">JSON text, as the model wrote it.</param>
internal sealed record ChatFunctionCall([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name, string Arguments);
