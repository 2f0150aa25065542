using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Completions;

/// <summary>An event of a stream that was asked for usage: the field is in every one of them, and null but in the last.</summary>
internal sealed record CompletionUsageEvent(string Id, string Object, long Created, string Model, IReadOnlyList<CompletionChoice> Choices, Usage? Usage);
