namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>The answer of a chat.</summary>
internal sealed record ChatMessage(string Role, string Content, string? Refusal);
