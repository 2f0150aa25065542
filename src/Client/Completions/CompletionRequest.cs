using System.Text.Json.Nodes;

namespace AdapterServe.Client.Completions;

/// <summary>
/// A completion or, with <see cref="Messages"/>, a chat. <b>Semantics</b>: exactly one of <see cref="Prompt"/>, <see cref="PromptTokens"/> and
/// <see cref="Messages"/> is set; what is null is not sent, and the server's default holds.
/// </summary>
public sealed record CompletionRequest
{
    /// <summary>The base's name or an adapter's.</summary>
    public required string Model { get; init; }

    public string? Prompt { get; init; }

    public IReadOnlyList<int>? PromptTokens { get; init; }

    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    public int? MaxTokens { get; init; }

    /// <summary>Ends before so many tokens don't count; an extension of vLLM's and ours.</summary>
    public int? MinTokens { get; init; }

    /// <summary>The end token doesn't end the answer; an extension.</summary>
    public bool? IgnoreEos { get; init; }

    /// <summary>Each piece brings its tokens' ids; an extension.</summary>
    public bool? ReturnTokenIds { get; init; }

    /// <summary>The stream ends with the counted tokens.</summary>
    public bool IncludeUsage { get; init; } = true;

    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public long? Seed { get; init; }

    /// <summary>Further fields, written as they are.</summary>
    public IReadOnlyDictionary<string, JsonNode?>? Extra { get; init; }
}
