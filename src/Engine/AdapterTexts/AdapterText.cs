using System.Collections.Immutable;
using AdapterServe.Engine.ChatTemplates;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.AdapterTexts;

/// <summary>What an adapter's folder says about text.</summary>
/// <param name="Tokenizer">Null: the base's.</param>
/// <param name="Template">Null: the base's.</param>
/// <param name="EndIds">Ids that end an answer besides the base's.</param>
public sealed record AdapterText(Tokenizer? Tokenizer, ChatTemplate? Template, ImmutableArray<int> EndIds)
{
    /// <summary>What it holds in memory grows with this.</summary>
    public long Characters => (Tokenizer?.AddedCharacters ?? 0) + (Template?.SourceCharacters ?? 0);
}
