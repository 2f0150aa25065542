using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>
/// Cuts where a pattern matches. <b>Semantics</b>: the text becomes alternating matches and gaps (exchanged when inverted), which the behaviour
/// keeps apart, drops, or joins with a neighbour.
/// </summary>
internal sealed class SplitPreTokenizer(TextPattern pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    public void Split(ReadOnlyMemory<char> text, bool atStart, List<ReadOnlyMemory<char>> words)
    {
        var matches = new List<(int Start, int Length)>();
        pattern.FindAll(text.Span, matches);
        MatchSplit.AddWords(text, matches, behavior, invert, words);
    }
}
