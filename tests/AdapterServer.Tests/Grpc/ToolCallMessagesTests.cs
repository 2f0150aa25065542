using AdapterServe.AdapterServer.Grpc.Generation;
using AdapterServe.AdapterServer.Rest.ChatCompletions;

namespace AdapterServe.AdapterServer.Tests.Grpc;

public sealed class ToolCallMessagesTests
{
    [Fact]
    public void Calls_of_a_whole_answer_are_numbered_and_pieces_keep_their_number()
    {
        ChatToolCall[] calls = [new(null, "a", "function", new("f", "{}")), new(null, "b", "function", new("g", "{\"x\": 1}"))];
        var whole = ChatMessages.Of(new ChatChoice { Index = 0, Message = new ChatMessage("assistant", null, null, calls), Logprobs = null, FinishReason = "tool_calls" });
        Assert.Equal([(0, "a", "f", "{}"), (1, "b", "g", "{\"x\": 1}")], whole.ToolCalls.Select(call => (call.Index, call.Id, call.Name, call.Arguments)));
        Assert.Equal((string.Empty, "tool_calls"), (whole.Content, whole.FinishReason));
        var piece = ChatMessages.Of(new ChatChoice { Index = 0, Delta = new ChatDelta(ToolCalls: [new(1, null, null, new(null, " 1"))]), Logprobs = null, FinishReason = null });
        var call = Assert.Single(piece.ToolCalls);
        Assert.Equal((1, string.Empty, string.Empty, " 1"), (call.Index, call.Id, call.Name, call.Arguments));
    }
}
