namespace AdapterServe.Client.Completions;

/// <summary>Tokens as the server counted them.</summary>
public sealed record TokenUsage(int PromptTokens, int CompletionTokens);
