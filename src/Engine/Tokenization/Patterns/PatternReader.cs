using System.Text;

namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>Walks over an expression's text by code points.</summary>
internal sealed class PatternReader(string text)
{
    private int _at;

    public int Position => _at;

    public bool AtEnd => _at >= text.Length;

    public bool Follows(string what) => string.CompareOrdinal(text, _at, what, 0, what.Length) == 0;

    /// <summary>The character <paramref name="distance"/> further on, or zero behind the end.</summary>
    public char PeekAt(int distance) => _at + distance < text.Length ? text[_at + distance] : '\0';

    public bool TryTake(string what)
    {
        bool found = Follows(what);
        _at += found ? what.Length : 0;
        return found;
    }

    public int Take()
    {
        if (AtEnd)
        {
            throw Error("it ends too early");
        }

        _ = Rune.DecodeFromUtf16(text.AsSpan(_at), out Rune rune, out int length);
        _at += length;
        return rune.Value;
    }

    /// <summary>The text before <paramref name="end"/>, which is passed too.</summary>
    public string Until(string end)
    {
        int at = text.IndexOf(end, _at, StringComparison.Ordinal);
        string found = at >= 0 ? text[_at..at] : throw Error($"\"{end}\" is missing");
        _at = at + end.Length;
        return found;
    }

    public void MoveTo(int position) => _at = position;

    public string TakeHex(int most)
    {
        int start = _at;
        while (_at - start < most && !AtEnd && char.IsAsciiHexDigit(text[_at]))
        {
            _at++;
        }

        return text[start.._at];
    }

    public string TakeDigits()
    {
        int start = _at;
        while (!AtEnd && char.IsAsciiDigit(text[_at]))
        {
            _at++;
        }

        return text[start.._at];
    }

    public TokenizerException Error(string what) => new($"The tokenizer's pattern \"{text}\" is not supported: {what}.");
}
