namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>A copy of a text in which each code point beyond the basic plane is its stand-in of <see cref="AstralClasses"/>.</summary>
internal sealed class AstralShadow
{
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
    public static AstralShadow? Of(ReadOnlySpan<char> text, AstralClasses classes)
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
            shadow[length++] = pair ? classes.StandIn(char.ConvertToUtf32(text[i], text[i + 1])) : char.IsSurrogate(text[i]) ? '\uFFFD' : text[i];
            i += pair ? 1 : 0;
        }

        original[length] = text.Length;
        return new AstralShadow(shadow.AsSpan(0, length).ToArray(), original);
    }
}
