using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.Messages;

/// <summary>What an event adds to a block: text, or a part of a call's arguments as JSON text.</summary>
internal sealed record MessageDelta(
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Text = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? PartialJson = null);
