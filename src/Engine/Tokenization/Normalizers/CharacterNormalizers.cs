using System.Text;

namespace AdapterServe.Engine.Tokenization.Normalizers;

/// <summary>Drops combining marks of a text that is decomposed already.</summary>
internal sealed class StripAccentsNormalizer : INormalizer
{
    public string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!CharacterClasses.IsMark(rune))
            {
                result.Append(rune);
            }
        }

        return result.ToString();
    }

    public bool KeepsStart(string text) => !Rune.TryGetRuneAt(text + " ", 0, out Rune first) || !CharacterClasses.IsMark(first);
}

/// <summary>SentencePiece's cleaning for translation: some control characters go, invisible spaces become spaces.</summary>
internal sealed class NmtNormalizer : INormalizer
{
    public string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (char character in text)
        {
            if (!IsDropped(character))
            {
                result.Append(IsSpace(character) ? ' ' : character);
            }
        }

        return result.ToString();
    }

    public bool KeepsStart(string text) => text.Length == 0 || !IsDropped(text[0]);

    private static bool IsDropped(char character) =>
        character is (>= '\u0001' and <= '\u0008') or '\u000B' or (>= '\u000E' and <= '\u001F') or '\u007F' or '\u008F' or '\u009F';

    private static bool IsSpace(char character) => character is '\t' or '\n' or '\f' or '\r' or '\u1680' or (>= '\u200B' and <= '\u200F') or '\u2028' or '\u2029'
        or '\u2581' or '\uFEFF' or '\uFFFD';
}

/// <summary>Writes each UTF-8 byte as a character of <see cref="ByteAlphabet"/>.</summary>
internal sealed class ByteLevelNormalizer : INormalizer
{
    public string Normalize(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(ByteAlphabet.ToCharacter));
}
