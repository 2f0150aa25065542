using System.Collections.Immutable;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Completions;

/// <summary>A checked request for legacy completions.</summary>
internal sealed record CompletionRequest(GenerationSettings Settings, ImmutableArray<CompletionPrompt> Prompts, bool Echo, bool AddSpecialTokens);
