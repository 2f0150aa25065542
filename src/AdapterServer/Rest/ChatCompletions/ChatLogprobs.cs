namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>Log-probabilities of a chat choice, end id included.</summary>
internal sealed record ChatLogprobs(List<ChatLogprob> Content);
