using System.Text;

namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>Numbers (categories Nd, Nl, No) are words of their own, one by one or run by run.</summary>
internal sealed class DigitsPreTokenizer(bool individual) : IPreTokenizer
{
    public void Split(ReadOnlyMemory<char> text, bool atStart, List<ReadOnlyMemory<char>> words)
    {
        ReadOnlySpan<char> span = text.Span;
        int wordStart = 0;
        bool inNumber = false;
        for (int i = 0; i < span.Length;)
        {
            _ = Rune.DecodeFromUtf16(span[i..], out Rune rune, out int length);
            bool number = Rune.IsNumber(rune);
            if (i > wordStart && (number != inNumber || (number && individual)))
            {
                words.Add(text[wordStart..i]);
                wordStart = i;
            }

            inNumber = number;
            i += length;
        }

        if (wordStart < span.Length)
        {
            words.Add(text[wordStart..]);
        }
    }
}
