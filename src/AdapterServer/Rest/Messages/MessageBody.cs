namespace AdapterServe.AdapterServer.Rest.Messages;

/// <summary>An answer in Anthropic's form; the beginning of one in a stream.</summary>
internal sealed record MessageBody(string Id, string Model, IReadOnlyList<MessageBlock> Content, string? StopReason, string? StopSequence, MessageUsage Usage)
{
    public string Type { get; } = "message";

    public string Role { get; } = "assistant";
}
