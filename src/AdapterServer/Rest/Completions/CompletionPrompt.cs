namespace AdapterServe.AdapterServer.Rest.Completions;

/// <summary>One prompt: either text or ids.</summary>
internal readonly record struct CompletionPrompt(string? Text, int[]? Ids);
