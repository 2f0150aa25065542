using System.Text;
using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>
/// Writes each UTF-8 byte as a character of <see cref="ByteAlphabet"/>, after splitting by GPT-2's expression where asked.
/// </summary>
internal sealed class ByteLevelPreTokenizer : IPreTokenizer
{
    /// <summary><b>Source</b>: openai/gpt-2 <c>src/encoder.py</c>.</summary>
    private const string Gpt2Expression = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly bool _addPrefixSpace;
    private readonly SplitPreTokenizer? _split;

    public ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex)
    {
        _addPrefixSpace = addPrefixSpace;
        _split = useRegex ? new SplitPreTokenizer(new RegexPattern(Gpt2Expression), SplitBehavior.Isolated, invert: false) : null;
    }

    public void Split(ReadOnlyMemory<char> text, bool atStart, List<ReadOnlyMemory<char>> words)
    {
        if (_addPrefixSpace && !text.Span.StartsWith(' '))
        {
            text = string.Concat(" ", text.Span).AsMemory();
        }

        if (_split is null)
        {
            words.Add(ToAlphabet(text.Span));
            return;
        }

        int first = words.Count;
        _split.Split(text, atStart, words);
        for (int i = first; i < words.Count; i++)
        {
            words[i] = ToAlphabet(words[i].Span);
        }
    }

    private static ReadOnlyMemory<char> ToAlphabet(ReadOnlySpan<char> text)
    {
        const int stackBytes = 256;
        int most = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> bytes = most <= stackBytes ? stackalloc byte[stackBytes] : new byte[most];
        int count = Encoding.UTF8.GetBytes(text, bytes);
        var characters = new char[count];
        for (int i = 0; i < count; i++)
        {
            characters[i] = ByteAlphabet.ToCharacter(bytes[i]);
        }

        return characters;
    }
}
