namespace AdapterServe.AdapterServer.Rest.Messages;

/// <summary>The event that tells how a message ended.</summary>
internal sealed record MessageEnd(MessageStop Delta, MessageUsage Usage)
{
    public string Type { get; } = "message_delta";
}
