using AdapterServe.AdapterServer.Rest.Completions;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc.Generation;

/// <summary>Choices of a legacy completion as messages.</summary>
internal static class CompletionMessages
{
    public static Wire.CompletionChoice Of(CompletionChoice choice)
    {
        var message = new Wire.CompletionChoice { Index = choice.Index, Text = choice.Text };
        if (choice.FinishReason is { } reason)
        {
            message.FinishReason = reason;
        }

        message.Logprobs.AddRange(Of(choice.Logprobs));
        message.PromptLogprobs.AddRange(LogprobMessages.Of(choice.PromptLogprobs));
        message.PromptTokenIds.AddRange(choice.PromptTokenIds ?? []);
        message.TokenIds.AddRange(choice.TokenIds ?? []);
        return message;
    }

    private static IEnumerable<Wire.TokenLogprob> Of(CompletionLogprobs? logprobs)
    {
        for (var i = 0; i < (logprobs?.Tokens.Count ?? 0); i++)
        {
            var token = new Wire.TokenLogprob { Token = logprobs!.Tokens[i], TextOffset = logprobs.TextOffset[i] };
            if (logprobs.TokenLogprobs[i] is { } value)
            {
                token.Logprob = value;
            }

            token.Top.AddRange((logprobs.TopLogprobs[i] ?? []).Select(best => new Wire.TopLogprob { Token = best.Key, Logprob = best.Value }));
            yield return token;
        }
    }
}
