using AdapterServe.AdapterServer.Rest.ChatCompletions;
using Google.Protobuf;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc.Generation;

/// <summary>Choices of a chat, whole or in pieces, as messages.</summary>
internal static class ChatMessages
{
    public static Wire.ChatChoice Of(ChatChoice choice)
    {
        var message = new Wire.ChatChoice
        {
            Index = choice.Index,
            Role = choice.Message?.Role ?? choice.Delta?.Role ?? string.Empty,
            Content = choice.Message?.Content ?? choice.Delta?.Content ?? string.Empty,
        };
        if (choice.FinishReason is { } reason)
        {
            message.FinishReason = reason;
        }

        message.ToolCalls.AddRange((choice.Message?.ToolCalls ?? choice.Delta?.ToolCalls ?? []).Select(Of));
        message.Logprobs.AddRange((choice.Logprobs?.Content ?? []).Select(Of));
        message.PromptLogprobs.AddRange(LogprobMessages.Of(choice.PromptLogprobs));
        message.PromptTokenIds.AddRange(choice.PromptTokenIds ?? []);
        message.TokenIds.AddRange(choice.TokenIds ?? []);
        return message;
    }

    private static Wire.ToolCall Of(ChatToolCall call, int place) =>
        new() { Index = call.Index ?? place, Id = call.Id ?? string.Empty, Name = call.Function.Name ?? string.Empty, Arguments = call.Function.Arguments };

    private static Wire.TokenLogprob Of(ChatLogprob token)
    {
        var message = new Wire.TokenLogprob { Token = token.Token, Logprob = token.Logprob, Bytes = Bytes(token) };
        message.Top.AddRange((token.TopLogprobs ?? []).Select(best => new Wire.TopLogprob { Token = best.Token, Logprob = best.Logprob, Bytes = Bytes(best) }));
        return message;
    }

    private static ByteString Bytes(ChatLogprob token) => ByteString.CopyFrom(Array.ConvertAll(token.Bytes, value => (byte)value));
}
