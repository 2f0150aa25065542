using System.Text;

namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>Cuts at single characters of a class.</summary>
internal sealed class RunePreTokenizer(Func<Rune, bool> isMatch, SplitBehavior behavior) : IPreTokenizer
{
    public void Split(ReadOnlyMemory<char> text, bool atStart, List<ReadOnlyMemory<char>> words)
    {
        var matches = new List<(int Start, int Length)>();
        ReadOnlySpan<char> span = text.Span;
        for (int i = 0, length; i < span.Length; i += length)
        {
            _ = Rune.DecodeFromUtf16(span[i..], out Rune rune, out length);
            if (isMatch(rune))
            {
                matches.Add((i, length));
            }
        }

        MatchSplit.AddWords(text, matches, behavior, invert: false, words);
    }
}
