using System.Globalization;
using System.Text;

namespace AdapterServe.Engine.ChatTemplates.Syntax;

/// <summary>Escape sequences of string literals as in Python; what is no escape keeps its backslash.</summary>
internal static class StringEscapes
{
    public static string Decode(ReadOnlySpan<char> literal)
    {
        if (!literal.Contains('\\'))
        {
            return literal.ToString();
        }

        var text = new StringBuilder(literal.Length);
        for (int i = 0; i < literal.Length; i++)
        {
            if (literal[i] != '\\' || i + 1 == literal.Length)
            {
                text.Append(literal[i]);
                continue;
            }

            i += DecodeOne(literal[(i + 1)..], text);
        }

        return text.ToString();
    }

    // Returns how many characters behind the backslash were used.
    private static int DecodeOne(ReadOnlySpan<char> rest, StringBuilder text)
    {
        const string names = "ntrbfav0\\'\"\n";
        const string values = "\n\t\r\b\f\a\v\0\\'\"";
        int at = names.IndexOf(rest[0], StringComparison.Ordinal);
        if (at >= 0)
        {
            // A backslash before a line's end joins the lines.
            text.Append(at < values.Length ? values[at].ToString() : "");
            return 1;
        }

        int digits = rest[0] switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0 && rest.Length > digits
            && int.TryParse(rest.Slice(1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int point) && point is >= 0 and <= 0x10FFFF)
        {
            text.Append(point < 0x10000 ? ((char)point).ToString() : char.ConvertFromUtf32(point));
            return 1 + digits;
        }

        text.Append('\\').Append(rest[0]);
        return 1;
    }
}
