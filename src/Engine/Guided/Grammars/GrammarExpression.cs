using System.Collections.Immutable;
using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>What a text may be, before it is laid out as a graph.</summary>
internal abstract record GrammarExpression
{
    public static GrammarExpression Empty { get; } = new All([]);

    /// <summary>One character of the set.</summary>
    public sealed record One(CodePointSet Points) : GrammarExpression;

    /// <summary>The parts one after another.</summary>
    public sealed record All(ImmutableArray<GrammarExpression> Parts) : GrammarExpression;

    /// <summary>One of the parts.</summary>
    public sealed record Any(ImmutableArray<GrammarExpression> Parts) : GrammarExpression;

    /// <summary>At least <paramref name="Min"/> times, at most <paramref name="Max"/> times where that is not null.</summary>
    public sealed record Repeat(GrammarExpression Part, int Min, int? Max) : GrammarExpression;

    /// <summary>Whatever a rule says.</summary>
    public sealed record Rule(int Index) : GrammarExpression;

    public static GrammarExpression Literal(string text) => new All([.. text.EnumerateRunes().Select(rune => new One(CodePointSet.Range(rune.Value, rune.Value)))]);
}
