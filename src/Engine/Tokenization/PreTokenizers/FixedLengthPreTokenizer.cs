using System.Text;

namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>Cuts into words of so many characters; the last may be shorter.</summary>
internal sealed class FixedLengthPreTokenizer(int length) : IPreTokenizer
{
    public void Split(ReadOnlyMemory<char> text, bool atStart, List<ReadOnlyMemory<char>> words)
    {
        ReadOnlySpan<char> span = text.Span;
        int start = 0;
        int count = 0;
        for (int i = 0, width; i < span.Length; i += width)
        {
            if (count == length)
            {
                words.Add(text[start..i]);
                (start, count) = (i, 0);
            }

            _ = Rune.DecodeFromUtf16(span[i..], out _, out width);
            count++;
        }

        if (start < span.Length)
        {
            words.Add(text[start..]);
        }
    }
}
