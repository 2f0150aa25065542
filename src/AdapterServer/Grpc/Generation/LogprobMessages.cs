using System.Globalization;
using AdapterServe.AdapterServer.Rest.Generations;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc.Generation;

/// <summary>What completions and chats have in common, as messages.</summary>
internal static class LogprobMessages
{
    public static Wire.Usage Of(Usage usage) => new()
    {
        PromptTokens = usage.PromptTokens,
        CompletionTokens = usage.CompletionTokens,
        TotalTokens = usage.TotalTokens,
        CachedPromptTokens = usage.PromptTokensDetails.CachedTokens,
    };

    public static IEnumerable<Wire.PromptLogprobs> Of(List<Dictionary<string, PromptLogprob>?>? prompt)
    {
        foreach (var place in prompt ?? [])
        {
            var message = new Wire.PromptLogprobs();
            foreach (var (id, value) in place ?? [])
            {
                message.Tokens.Add(
                    int.Parse(id, CultureInfo.InvariantCulture), new Wire.PromptLogprob { Logprob = value.Logprob, Rank = value.Rank, DecodedToken = value.DecodedToken });
            }

            yield return message;
        }
    }
}
