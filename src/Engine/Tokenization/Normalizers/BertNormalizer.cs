using System.Text;

namespace AdapterServe.Engine.Tokenization.Normalizers;

/// <summary>What BERT does to a text before it is split. <b>Source</b>: google-research/bert <c>tokenization.py</c>, as huggingface/tokenizers has it.</summary>
/// <param name="cleanText">Drops control characters and writes every white space as a space.</param>
/// <param name="separateIdeographs">Puts spaces around each ideograph.</param>
/// <param name="stripAccents">Decomposes and drops non-spacing marks.</param>
/// <param name="lowercase">Lower case.</param>
internal sealed class BertNormalizer(bool cleanText, bool separateIdeographs, bool stripAccents, bool lowercase) : INormalizer
{
    private readonly LowercaseNormalizer _lowercase = new();

    public string Normalize(string text)
    {
        string result = cleanText ? Map(text, Clean) : text;
        result = separateIdeographs ? Map(result, Separate) : result;
        result = stripAccents ? Map(UnicodeNormalization.Shared.Normalize(result, NormalizationForm.FormD), DropAccent) : result;
        return lowercase ? _lowercase.Normalize(result) : result;
    }

    public bool KeepsStart(string text) => text.Length == 0 || Normalize(text[..(char.IsSurrogate(text[0]) ? Math.Min(2, text.Length) : 1)]).Length > 0;

    private static void Clean(Rune rune, StringBuilder result)
    {
        // U+0085 is both, and goes.
        if (rune.Value is not (0 or 0xFFFD) && !CharacterClasses.IsControl(rune))
        {
            result.Append(Rune.IsWhiteSpace(rune) ? new Rune(' ') : rune);
        }
    }

    private static void Separate(Rune rune, StringBuilder result)
    {
        if (CharacterClasses.IsIdeograph(rune))
        {
            result.Append(' ').Append(rune).Append(' ');
        }
        else
        {
            result.Append(rune);
        }
    }

    private static void DropAccent(Rune rune, StringBuilder result)
    {
        if (!CharacterClasses.IsNonSpacingMark(rune))
        {
            result.Append(rune);
        }
    }

    private static string Map(string text, Action<Rune, StringBuilder> append)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            append(rune, result);
        }

        return result.ToString();
    }
}
