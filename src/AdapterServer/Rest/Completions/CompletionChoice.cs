using System.Text.Json.Serialization;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Completions;

/// <summary>A choice of a legacy completion, whole or a piece of it.</summary>
internal sealed record CompletionChoice
{
    public required int Index { get; init; }

    public required string Text { get; init; }

    public required CompletionLogprobs? Logprobs { get; init; }

    public required string? FinishReason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public List<Dictionary<string, PromptLogprob>?>? PromptLogprobs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int[]? PromptTokenIds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int[]? TokenIds { get; init; }
}
