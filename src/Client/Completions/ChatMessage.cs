namespace AdapterServe.Client.Completions;

public sealed record ChatMessage(string Role, string Content);
