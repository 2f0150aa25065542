namespace AdapterServe.AdapterServer.Rest.Completions;

/// <summary>OpenAI's legacy log-probabilities; four lists of equal length.</summary>
internal sealed record CompletionLogprobs(List<string> Tokens, List<float?> TokenLogprobs, List<Dictionary<string, float>?> TopLogprobs, List<int> TextOffset);
