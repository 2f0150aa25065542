using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>A checked request for chat completions.</summary>
internal sealed record ChatRequest(GenerationSettings Settings, ChatPrompt Prompt);
