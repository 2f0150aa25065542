using System.Globalization;
using System.Text;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Python's date formats, in English. A directive that is not known is left as it is.</summary>
internal static class Strftime
{
    public static string Format(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            // "%-d" is "%d" without leading zeros.
            bool bare = format[i + 1] == '-' && i + 2 < format.Length;
            char directive = format[i + (bare ? 2 : 1)];
            string? value = Directive(time, directive);
            text.Append(value is null ? format.AsSpan(i, bare ? 3 : 2) : bare && value.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : value);
            i += bare ? 2 : 1;
        }

        return text.ToString();
    }

    private static string? Directive(DateTimeOffset time, char directive)
    {
        string? pattern = directive switch
        {
            'Y' => "yyyy",
            'y' => "yy",
            'm' => "MM",
            'd' => "dd",
            'B' => "MMMM",
            'b' => "MMM",
            'A' => "dddd",
            'a' => "ddd",
            'H' => "HH",
            'I' => "hh",
            'M' => "mm",
            'S' => "ss",
            'p' => "tt",
            'F' => "yyyy-MM-dd",
            'T' => "HH:mm:ss",
            'D' => "MM/dd/yy",
            _ => null,
        };
        return (directive, pattern) switch
        {
            (_, not null) => time.ToString(pattern, CultureInfo.InvariantCulture),
            ('j', _) => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            ('%', _) => "%",
            _ => null,
        };
    }
}
