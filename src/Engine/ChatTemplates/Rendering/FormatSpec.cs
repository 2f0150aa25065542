using System.Globalization;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>
/// How one value is laid out: <c>[[fill]align][sign][#][0][width][,|_][.precision][type]</c>.
/// <b>Source</b>: Python's documentation, "Format Specification Mini-Language".
/// </summary>
internal sealed record FormatSpec
{
    private const int MaxWidth = 10_000;

    public string Fill { get; init; } = " ";

    public char? Align { get; init; }

    public char Sign { get; init; } = '-';

    public bool Alternate { get; init; }

    public bool ZeroPadded { get; init; }

    public int Width { get; init; }

    public char? Grouping { get; init; }

    public int? Precision { get; init; }

    public char? Type { get; init; }

    public static FormatSpec Parse(string text)
    {
        int at = 0;
        char Peek(int ahead = 0) => at + ahead < text.Length ? text[at + ahead] : '\0';
        bool Take(char wanted) => Peek() == wanted && wanted != '\0' && ++at > 0;
        int Number()
        {
            int start = at;
            while (char.IsAsciiDigit(Peek()))
            {
                at++;
            }

            return int.TryParse(text.AsSpan(start, at - start), CultureInfo.InvariantCulture, out int number) && number <= MaxWidth
                ? number
                : throw new TemplateError($"the format \"{text}\" is not supported");
        }

        var spec = new FormatSpec();
        int width = char.IsHighSurrogate(Peek()) ? 2 : 1;
        if (Peek(width) is '<' or '>' or '=' or '^' && Peek() != '\0')
        {
            spec = spec with { Fill = text.Substring(at, width), Align = Peek(width) };
            at += width + 1;
        }
        else if (Peek() is '<' or '>' or '=' or '^')
        {
            spec = spec with { Align = text[at++] };
        }

        spec = Peek() is '+' or '-' or ' ' ? spec with { Sign = text[at++] } : spec;
        spec = spec with { Alternate = Take('#') };
        spec = spec with { ZeroPadded = Take('0') };
        spec = char.IsAsciiDigit(Peek()) ? spec with { Width = Number() } : spec;
        spec = Peek() is ',' or '_' ? spec with { Grouping = text[at++] } : spec;
        spec = Take('.') ? spec with { Precision = Number() } : spec;
        spec = at < text.Length ? spec with { Type = text[at++] } : spec;
        return at == text.Length ? spec : throw new TemplateError($"the format \"{text}\" is not supported");
    }

    public string Apply(object? value, Budget budget)
    {
        budget.Write(Width);
        switch (value)
        {
            case string text when Type is null or 's' && Align != '=':
                return Pad("", Cut(text, budget), '<');
            case bool flag when Type is null or 's' && this == new FormatSpec { Type = Type }:
                return flag ? "True" : "False";
            case bool or long when Type is null or 'd' or 'b' or 'o' or 'x' or 'X' or 'n' && Precision is null:
                long integer = TemplateValue.ToInteger(value, "the value");
                string digits = NumberText.Integer(integer, Type ?? 'd', Alternate);
                return Pad(SignOf(integer < 0), Group(digits), '>');
            case long point when Type == 'c':
                return Pad("", Character(point), '<');
            case bool or long or double when Type is null or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%' or 'n':
                double number = TemplateValue.ToDouble(value);
                return Pad(SignOf(double.IsNegative(number)), Group(FloatText(number, budget)), '>');
            case not (string or bool or long or double) when this == new FormatSpec():
                return ValueWriter.ToText(value, count => budget.Write(count));
            default:
                throw new TemplateError($"{TemplateValue.TypeName(value)} can't be formatted so");
        }
    }

    private static string Character(long point) => point is >= 0 and <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF)
        ? char.ConvertFromUtf32((int)point)
        : throw new TemplateError("the number is no character");

    private string FloatText(double number, Budget budget)
    {
        if (Type is not null)
        {
            return NumberText.Float(number, Type == 'n' ? 'g' : Type.Value, Precision ?? 6);
        }

        if (Precision is null)
        {
            return ValueWriter.ToText(Math.Abs(number), count => budget.Write(count));
        }

        string text = NumberText.Float(number, 'g', Precision.Value);
        return text.AsSpan().ContainsAny("en.") ? text : text + ".0";
    }

    private string Cut(string text, Budget budget) =>
        Precision is { } most && most < Access.Length(text) ? (string)Access.Slice(text, null, most, null, budget) : text;

    private string SignOf(bool negative) => negative ? "-" : Sign == '-' ? "" : Sign.ToString();

    private string Group(string digits)
    {
        if (Grouping is not { } separator)
        {
            return digits;
        }

        int size = Type is 'b' or 'o' or 'x' or 'X' ? 4 : 3;
        int end = digits.AsSpan().IndexOfAnyExceptInRange('0', '9') is var stop and >= 0 && size == 3 ? stop : digits.Length;
        string whole = digits[..end];
        for (int at = whole.Length - size; at > 0; at -= size)
        {
            whole = whole.Insert(at, separator.ToString());
        }

        return whole + digits[end..];
    }

    private string Pad(string sign, string text, char usual)
    {
        int missing = Width - Access.Length(sign) - Access.Length(text);
        if (missing <= 0)
        {
            return sign + text;
        }

        char align = Align ?? (ZeroPadded && usual == '>' ? '=' : usual);
        string fill = ZeroPadded && Align is null ? "0" : Fill;
        string Padding(int count) => string.Concat(Enumerable.Repeat(fill, count));
        return align switch
        {
            '<' => sign + text + Padding(missing),
            '^' => Padding(missing / 2) + sign + text + Padding(missing - (missing / 2)),
            '=' => sign + Padding(missing) + text,
            _ => Padding(missing) + sign + text,
        };
    }
}
