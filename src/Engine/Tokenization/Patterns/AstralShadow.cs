using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>
/// A copy of a text in which each code point beyond the basic plane is one character of the same general category.
/// .NET's expressions see UTF-16 halves, of category surrogate; tokenizers' expressions ask for letters, digits and the rest by category.
/// </summary>
internal sealed class AstralShadow
{
    /// <summary>One character of the basic plane for each category that occurs beyond it; a test asserts the categories.</summary>
    internal static readonly FrozenDictionary<UnicodeCategory, char> Representatives = new Dictionary<UnicodeCategory, char>
    {
        [UnicodeCategory.UppercaseLetter] = '\uA640',
        [UnicodeCategory.LowercaseLetter] = '\uA641',
        [UnicodeCategory.TitlecaseLetter] = '\u1F88',
        [UnicodeCategory.ModifierLetter] = '\uA015',
        [UnicodeCategory.OtherLetter] = '\uA000',
        [UnicodeCategory.NonSpacingMark] = '\u1DC0',
        [UnicodeCategory.SpacingCombiningMark] = '\u0903',
        [UnicodeCategory.EnclosingMark] = '\u0488',
        [UnicodeCategory.DecimalDigitNumber] = '\u1946',
        [UnicodeCategory.LetterNumber] = '\u16EE',
        [UnicodeCategory.OtherNumber] = '\u0B72',
        [UnicodeCategory.ConnectorPunctuation] = '\uFE4D',
        [UnicodeCategory.DashPunctuation] = '\u301C',
        [UnicodeCategory.OpenPunctuation] = '\u3008',
        [UnicodeCategory.ClosePunctuation] = '\u3009',
        [UnicodeCategory.InitialQuotePunctuation] = '\u2E02',
        [UnicodeCategory.FinalQuotePunctuation] = '\u2E03',
        [UnicodeCategory.OtherPunctuation] = '\u2E0E',
        [UnicodeCategory.MathSymbol] = '\u2A00',
        [UnicodeCategory.CurrencySymbol] = '\u20A0',
        [UnicodeCategory.ModifierSymbol] = '\uA700',
        [UnicodeCategory.OtherSymbol] = '\u2300',
        [UnicodeCategory.Format] = '\u2061',
        [UnicodeCategory.PrivateUse] = '\uE000',
        [UnicodeCategory.OtherNotAssigned] = '\u0378',
    }.ToFrozenDictionary();

    private readonly char[] _text;
    private readonly int[] _original;

    private AstralShadow(char[] text, int[] original)
    {
        _text = text;
        _original = original;
    }

    public ReadOnlySpan<char> Text => _text;

    /// <summary>Where the shadow's character at <paramref name="index"/> begins in the original text; the end maps to the end.</summary>
    public int OriginalIndex(int index) => _original[index];

    /// <summary>Null where the text has no code point beyond the basic plane.</summary>
    public static AstralShadow? Of(ReadOnlySpan<char> text)
    {
        if (!text.ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return null;
        }

        var shadow = new char[text.Length];
        var original = new int[text.Length + 1];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            original[length] = i;
            bool pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            shadow[length++] = pair ? Represent(new Rune(text[i], text[i + 1])) : text[i];
            i += pair ? 1 : 0;
        }

        original[length] = text.Length;
        return new AstralShadow(shadow.AsSpan(0, length).ToArray(), original);
    }

    private static char Represent(Rune rune) => rune.Value is >= 0x20000 and < 0x40000
        ? '\u3400' // ideographs stay ideographs for expressions that name that script
        : Representatives.GetValueOrDefault(Rune.GetUnicodeCategory(rune), '\u0378');
}
