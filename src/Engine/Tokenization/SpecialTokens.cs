using System.Collections.Immutable;

namespace AdapterServe.Engine.Tokenization;

/// <summary>
/// The tokens with a role of their own, as <c>tokenizer_config.json</c> and <c>generation_config.json</c> name them.
/// </summary>
public sealed record SpecialTokens
{
    public static SpecialTokens None { get; } = new();

    /// <summary>Role (<c>bos_token</c>, <c>eos_token</c>, <c>pad_token</c>, …) → text; roles without a token are absent. Chat templates see these names.</summary>
    public ImmutableSortedDictionary<string, string> Texts { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public int? BosId { get; init; }

    public int? PadId { get; init; }

    /// <summary>Ids that end a sequence, ascending: those of the generation settings and the tokenizer's own.</summary>
    public ImmutableSortedSet<int> EosIds { get; init; } = [];

    public bool IsEos(int id) => EosIds.Contains(id);
}
