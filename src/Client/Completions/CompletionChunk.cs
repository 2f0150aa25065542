using System.Collections.Immutable;

namespace AdapterServe.Client.Completions;

/// <summary>A piece of a streamed answer.</summary>
public sealed record CompletionChunk
{
    public string Text { get; init; } = string.Empty;

    /// <summary>The ids of its tokens, where they were asked for and the server gives them.</summary>
    public ImmutableArray<int> TokenIds { get; init; } = [];

    /// <summary>
    /// How many tokens came: the ids where there are any. Otherwise 1 for a piece that stands for a token: one that has text, or one that has none
    /// because its bytes are not yet a character; the opening of a chat's turn and the closing piece are none.
    /// </summary>
    public int Tokens { get; init; }

    public string? FinishReason { get; init; }

    public TokenUsage? Usage { get; init; }
}
