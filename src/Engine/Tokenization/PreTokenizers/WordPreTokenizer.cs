using System.Text;

namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>Runs of word characters and runs of other characters are words; white space is dropped: <c>\w+|[^\w\s]+</c>.</summary>
internal sealed class WordPreTokenizer : IPreTokenizer
{
    private enum Class
    {
        Space,
        Word,
        Other,
    }

    public void Split(ReadOnlyMemory<char> text, bool atStart, List<ReadOnlyMemory<char>> words)
    {
        ReadOnlySpan<char> span = text.Span;
        var (start, current) = (0, Class.Space);
        for (int i = 0, length; i < span.Length; i += length)
        {
            _ = Rune.DecodeFromUtf16(span[i..], out Rune rune, out length);
            Class next = ClassOf(rune);
            if (next == current)
            {
                continue;
            }

            if (current != Class.Space)
            {
                words.Add(text[start..i]);
            }

            (start, current) = (i, next);
        }

        if (current != Class.Space)
        {
            words.Add(text[start..]);
        }
    }

    private static Class ClassOf(Rune rune) =>
        Rune.IsWhiteSpace(rune) ? Class.Space : CharacterClasses.IsWord(rune) ? Class.Word : Class.Other;
}
