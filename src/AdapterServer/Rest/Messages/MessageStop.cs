using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Messages;

/// <summary>How a message ended.</summary>
/// <param name="StopReason"><c>end_turn</c>, <c>max_tokens</c>, <c>stop_sequence</c> or <c>tool_use</c>.</param>
/// <param name="StopSequence">The string that ended it, or null.</param>
internal sealed record MessageStop(string StopReason, string? StopSequence)
{
    public static MessageStop Of(RunningChoice choice, bool isCalling)
    {
        if (choice.FinishWord == "length")
        {
            return new MessageStop("max_tokens", null);
        }

        return choice.Text.StopText is { } text ? new MessageStop("stop_sequence", text) : new MessageStop(isCalling ? "tool_use" : "end_turn", null);
    }
}
