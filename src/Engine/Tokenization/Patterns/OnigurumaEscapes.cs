using System.Globalization;

namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>What a backslash begins: a set of characters or a single one.</summary>
internal static class OnigurumaEscapes
{
    /// <summary>The set that stands next, or null where none does.</summary>
    public static CodePointSet? TryReadSet(PatternReader reader, bool inClass)
    {
        if (reader.TryTake("\\p{") || reader.Follows("\\P{"))
        {
            return ReadProperty(reader, negated: reader.TryTake("\\P{"));
        }

        if (!reader.Follows("\\") || reader.PeekAt(1) is not ('w' or 'W' or 's' or 'S' or 'd' or 'D' or 'h' or 'H'))
        {
            return null;
        }

        reader.TryTake("\\");
        int kind = reader.Take();
        CodePointSet set = char.ToLowerInvariant((char)kind) switch
        {
            'w' => inClass ? UnicodeProperties.Find("Word")! : UnicodeProperties.Word,
            's' => UnicodeProperties.Space,
            'd' => UnicodeProperties.Find("Nd")!,
            _ => UnicodeProperties.Find("XDigit")!,
        };
        return char.IsUpper((char)kind) ? set.Complement() : set;
    }

    /// <summary>The code point that stands next, plain or escaped.</summary>
    public static int ReadPoint(PatternReader reader, bool inClass)
    {
        int point = reader.Take();
        if (point != '\\')
        {
            return point;
        }

        int kind = reader.Take();
        return kind switch
        {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => 0x1B,
            'b' when inClass => '\b',
            'x' => reader.TryTake("{") ? Hex(reader, reader.Until("}")) : Hex(reader, reader.TakeHex(2)),
            'u' => Hex(reader, reader.TakeHex(4)),
            '0' => 0,
            (>= '1' and <= '9') or 'k' or 'g' or 'K' or 'N' or 'O' or 'X' or 'y' or 'Y' or 'c' or 'C' or 'M' => throw reader.Error($"\"\\{(char)kind}\" is not supported"),
            _ => kind,
        };
    }

    private static CodePointSet ReadProperty(PatternReader reader, bool negated)
    {
        negated ^= reader.TryTake("^");
        string name = reader.Until("}");
        CodePointSet set = UnicodeProperties.Find(name) ?? throw reader.Error($"the property \"{name}\" is not known");
        return negated ? set.Complement() : set;
    }

    private static int Hex(PatternReader reader, string digits) =>
        int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int point) && point is >= 0 and <= 0x10FFFF
            ? point
            : throw reader.Error($"\"{digits}\" is no code point");
}
