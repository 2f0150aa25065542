using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.Messages;

/// <summary>An event of a streamed message; which members it has depends on its type.</summary>
internal sealed record MessageEvent(string Type)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public MessageBody? Message { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Index { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public MessageBlock? ContentBlock { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public MessageDelta? Delta { get; init; }
}
