using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// A class of characters of which dialects differ. <b>Semantics</b>: <c>Sure</c> are those that every dialect takes in, <c>Possible</c> those that some does; a negated class is
/// what is outside of <c>Possible</c>. So whatever is produced matches in Unicode's reading (Python, .NET) and in ASCII's (ECMAScript) alike.
/// </summary>
internal readonly record struct CharacterSet(CodePointSet Sure, CodePointSet Possible)
{
    private static readonly CodePointSet AsciiDigits = CodePointSet.Range('0', '9');
    private static readonly CodePointSet AsciiWord = CodePointSet.OfRanges([('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]);
    private static readonly CodePointSet AsciiSpace = CodePointSet.OfRanges([('\t', '\r'), (' ', ' ')]);
    private static readonly CodePointSet LineEnds = CodePointSet.OfRanges([('\n', '\n'), ('\r', '\r'), (0x85, 0x85), (0x2028, 0x2029)]);

    public static CharacterSet Empty { get; } = Of(CodePointSet.Empty);

    public static CharacterSet AnyButLineEnds { get; } = Of(LineEnds.Complement());

    public static CharacterSet Of(CodePointSet points) => new(points, points);

    /// <summary>The set of an escape such as <c>\d</c>, or null.</summary>
    public static CharacterSet? OfEscape(char name) => name switch
    {
        'd' => new(AsciiDigits, UnicodeProperties.Find("nd")!),
        'w' => new(AsciiWord, AsciiWord.Union(UnicodeProperties.Word).Union(UnicodeProperties.Find("n")!).Union(UnicodeProperties.Find("m")!).Union(CodePointSet.Range(0x200C, 0x200D))),
        's' => new(AsciiSpace, AsciiSpace.Union(UnicodeProperties.Space).Union(CodePointSet.Of(0xFEFF)).Union(CodePointSet.Range(0x1C, 0x1F))),
        'D' or 'W' or 'S' => OfEscape(char.ToLowerInvariant(name))!.Value.Negate(),
        _ => null,
    };

    public CharacterSet Union(CharacterSet other) => new(Sure.Union(other.Sure), Possible.Union(other.Possible));

    public CharacterSet Negate() => new(Possible.Complement(), Sure.Complement());
}
