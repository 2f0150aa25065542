using System.Collections.Frozen;
using System.Globalization;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

internal delegate object? Filter(Evaluator evaluator, object? value, CallArguments arguments);

/// <summary>Jinja's filters on single values; those on lists stand in <see cref="ListFilters"/>.</summary>
internal static class Filters
{
    private static readonly FrozenDictionary<string, Filter> ByName = new Dictionary<string, Filter>(ListFilters.All.Concat(TextFilters.All))
    {
        ["trim"] = (e, value, arguments) => StringMethods.Strip(e.ToText(value), arguments, left: true, right: true),
        ["upper"] = (e, value, _) => StringMethods.Upper(e.ToText(value)),
        ["lower"] = (e, value, _) => StringMethods.Lower(e.ToText(value)),
        ["capitalize"] = (e, value, _) => StringMethods.Capitalize(e.ToText(value)),
        ["string"] = (e, value, _) => e.ToText(value),
        ["safe"] = (e, value, _) => new MarkupText(e.ToText(value)),
        ["escape"] = (e, value, _) => new MarkupText(Escape(e.ToText(value), e.Budget)),
        ["e"] = (e, value, _) => new MarkupText(Escape(e.ToText(value), e.Budget)),
        ["forceescape"] = (e, value, _) => new MarkupText(Escape(e.ToText(value), e.Budget)),
        ["replace"] = (e, value, arguments) => StringMethods.Replace(
            e.ToText(value), e.ToText(arguments.Required(0, "old")), e.ToText(arguments.Required(1, "new")), arguments.Get(2, "count") is null ? -1 : arguments.Integer(2, "count", -1), e.Budget),
        ["indent"] = Indent,
        ["tojson"] = ToJson,
        ["default"] = Default,
        ["d"] = Default,
        ["int"] = (_, value, arguments) => ToInt(value, arguments.Integer(0, "default", 0), arguments.Integer(1, "base", 10)),
        ["float"] = (_, value, arguments) => ToFloat(value, arguments.Get(0, "default", 0.0)),
        ["abs"] = (_, value, _) => value is double number ? Math.Abs(number) : (object)Math.Abs(Math.Max(TemplateValue.ToInteger(value, "the value"), -long.MaxValue)),
        ["round"] = (_, value, arguments) => value is double || arguments.Has(1, "method") ? Round(value, arguments) : (object)(long)Round(value, arguments),
        ["attr"] = (e, value, arguments) => Attribute(e, value, arguments.Text(0, "name", "")),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static Filter Find(string name) => ByName.GetValueOrDefault(name) ?? throw new TemplateError($"the filter \"{name}\" is not supported");

    public static bool Exists(string name) => ByName.ContainsKey(name);

    public static string Escape(string text, Budget budget)
    {
        string escaped = text
            .Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal)
            .Replace("'", "&#39;", StringComparison.Ordinal)
            .Replace("\"", "&#34;", StringComparison.Ordinal);
        budget.Write(escaped.Length);
        return escaped;
    }

    // Never an item, in contrast to a dot.
    private static object? Attribute(Evaluator evaluator, object? value, string name) => value is DictValue dict
        ? (object?)Methods.OfDict(dict, name) ?? new UndefinedValue($"a mapping has no attribute \"{name}\"")
        : Access.Attribute(value, name, evaluator.Budget);

    private static object? Default(Evaluator evaluator, object? value, CallArguments arguments) =>
        value is UndefinedValue || (arguments.Flag(1, "boolean") && !TemplateValue.IsTrue(value)) ? arguments.Get(0, "default_value", "") : value;

    // Its parameters stand in the order of transformers' own filter, not of Jinja's.
    private static string ToJson(Evaluator evaluator, object? value, CallArguments arguments)
    {
        string? indent = arguments.Get(1, "indent") switch
        {
            null => null,
            string text => text,
            var width => new string(' ', (int)Math.Clamp(TemplateValue.ToInteger(width, "indent"), 0, 64)),
        };
        (string, string)? separators = arguments.Get(2, "separators") is ListValue { Items: [string item, string key] } ? (item, key) : null;
        return ValueWriter.ToJson(
            value, indent, separators, arguments.Flag(3, "sort_keys"), arguments.Flag(0, "ensure_ascii"), count => evaluator.Budget.Write(count));
    }

    private static string Indent(Evaluator evaluator, object? value, CallArguments arguments)
    {
        string text = value as string ?? throw new TemplateError($"{TemplateValue.TypeName(value)} can't be indented");
        string indent = arguments.Get(0, "width", 4L) is string given ? given : new string(' ', (int)Math.Clamp(arguments.Integer(0, "width", 4), 0, 256));
        bool first = arguments.Flag(1, "first");
        bool blank = arguments.Flag(2, "blank");
        string[] lines = text.Split('\n');
        evaluator.Budget.Write(lines.Length * (long)indent.Length);
        return string.Join('\n', lines.Select((line, index) => (index == 0 ? first : blank || line.Length > 0) ? indent + line : line));
    }

    private static long ToInt(object? value, long whenNone, long numberBase) => value switch
    {
        bool or long => TemplateValue.ToInteger(value, "the value"),
        double number when double.IsFinite(number) => Math.Abs(number) < long.MaxValue ? (long)number : throw new TemplateError("an integer is too large"),
        string text when TryInteger(text.Trim(), numberBase, out long parsed) => parsed,
        string text when TryFloat(text, out double parsed) && Math.Abs(parsed) < long.MaxValue => (long)parsed,
        _ => whenNone,
    };

    private static bool TryInteger(string text, long numberBase, out long value)
    {
        value = 0;
        (string prefix, int width) = numberBase switch { 16 => ("0x", 16), 8 => ("0o", 8), 2 => ("0b", 2), _ => ("", 10) };
        if (width == 10)
        {
            return numberBase == 10 && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
        }

        bool negative = text.StartsWith('-');
        string digits = text.TrimStart('-', '+');
        digits = digits.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits;
        try
        {
            value = digits.Length == 0 || digits.Length > 15 ? 0 : Convert.ToInt64(digits, width);
        }
        catch (FormatException)
        {
            return false;
        }

        value = negative ? -value : value;
        return digits.Length is > 0 and <= 15;
    }

    private static object? ToFloat(object? value, object? whenNone) => value switch
    {
        bool or long or double => TemplateValue.ToDouble(value),
        UndefinedValue undefined => throw new TemplateError(undefined.Reason),
        string text when TryFloat(text, out double parsed) => parsed,
        _ => whenNone,
    };

    private static bool TryFloat(string text, out double value)
    {
        string trimmed = text.Trim();
        string word = trimmed.TrimStart('+', '-').ToLowerInvariant();
        if (word is "inf" or "infinity" or "nan")
        {
            value = word == "nan" ? double.NaN : trimmed.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }

        return double.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    private static double Round(object? value, CallArguments arguments)
    {
        int precision = (int)Math.Clamp(arguments.Integer(0, "precision", 0), -300, NumberText.MaxDigits);
        double number = TemplateValue.ToDouble(value);
        double scale = Math.Pow(10, precision);
        switch (arguments.Text(1, "method", "common"))
        {
            case "ceil":
                return Math.Ceiling(number * scale) / scale;
            case "floor":
                return Math.Floor(number * scale) / scale;
            case not "common":
                throw new TemplateError("round's method must be common, ceil or floor");
        }

        return precision < 0
            ? Math.Round(number * scale, MidpointRounding.ToEven) / scale
            : double.CopySign(double.Parse(NumberText.Fixed(Math.Abs(number), precision), CultureInfo.InvariantCulture), number);
    }
}
