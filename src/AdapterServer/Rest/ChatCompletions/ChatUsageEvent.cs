using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>An event of a stream that was asked for usage: the field is in every one of them, and null but in the last.</summary>
internal sealed record ChatUsageEvent(string Id, string Object, long Created, string Model, IReadOnlyList<ChatChoice> Choices, Usage? Usage);
