using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>A token with its log-probability; the best ones at its place beside it, absent where this is one of them.</summary>
internal sealed record ChatLogprob(
    string Token,
    float Logprob,
    int[] Bytes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] List<ChatLogprob>? TopLogprobs);
