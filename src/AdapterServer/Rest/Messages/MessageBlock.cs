using System.Text.Json;
using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.Messages;

/// <summary>Text, or a call of a function.</summary>
/// <param name="Type"><c>text</c> or <c>tool_use</c>.</param>
/// <param name="Text">The text.</param>
/// <param name="Id">The call's, named by the block that answers it.</param>
/// <param name="Name">The function.</param>
/// <param name="Input">Its arguments, an object.</param>
internal sealed record MessageBlock(
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Text = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Input = null);
