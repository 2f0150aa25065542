using System.Globalization;
using System.Text;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Python's date formats, in English and without a time zone. A directive that is not known is left as it is.</summary>
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
            text.Append(value is null ? format.AsSpan(i, bare ? 3 : 2) : bare && value.TrimStart('0', ' ') is { Length: > 0 } trimmed ? trimmed : value);
            i += bare ? 2 : 1;
        }

        return text.ToString();
    }

    private static string? Directive(DateTimeOffset time, char directive) => directive switch
    {
        'c' => Format(time, "%a %b %e %H:%M:%S %Y"),
        'D' or 'x' => Format(time, "%m/%d/%y"),
        'F' => Format(time, "%Y-%m-%d"),
        'R' => Format(time, "%H:%M"),
        'T' or 'X' => Format(time, "%H:%M:%S"),
        'r' => Format(time, "%I:%M:%S %p"),
        'C' => (time.Year / 100).ToString("00", CultureInfo.InvariantCulture),
        'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'f' => (time.Ticks % TimeSpan.TicksPerSecond / 10).ToString("000000", CultureInfo.InvariantCulture),
        'G' => ISOWeek.GetYear(time.DateTime).ToString(CultureInfo.InvariantCulture),
        'V' => ISOWeek.GetWeekOfYear(time.DateTime).ToString("00", CultureInfo.InvariantCulture),
        'U' => ((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7).ToString("00", CultureInfo.InvariantCulture),
        'W' => ((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7).ToString("00", CultureInfo.InvariantCulture),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'k' => time.Hour.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'l' => time.ToString("%h", CultureInfo.InvariantCulture).PadLeft(2),
        'P' => time.ToString("tt", CultureInfo.InvariantCulture).ToLowerInvariant(),
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'u' => ((((int)time.DayOfWeek + 6) % 7) + 1).ToString(CultureInfo.InvariantCulture),
        'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'z' or 'Z' => "",
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => Pattern(directive) is { } pattern ? time.ToString(pattern, CultureInfo.InvariantCulture) : null,
    };

    private static string? Pattern(char directive) => directive switch
    {
        'Y' => "yyyy",
        'y' => "yy",
        'm' => "MM",
        'd' => "dd",
        'B' => "MMMM",
        'b' or 'h' => "MMM",
        'A' => "dddd",
        'a' => "ddd",
        'H' => "HH",
        'I' => "hh",
        'M' => "mm",
        'S' => "ss",
        'p' => "tt",
        _ => null,
    };
}
