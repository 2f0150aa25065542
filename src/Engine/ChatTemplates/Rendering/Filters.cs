using System.Collections.Frozen;
using System.Globalization;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

internal delegate object? Filter(Evaluator evaluator, object? value, CallArguments arguments);

/// <summary>Jinja's filters on single values; those on lists stand in <see cref="ListFilters"/>.</summary>
internal static class Filters
{
    private static readonly FrozenDictionary<string, Filter> ByName = new Dictionary<string, Filter>(ListFilters.All)
    {
        ["trim"] = (e, value, arguments) => StringMethods.Strip(e.ToText(value), arguments, left: true, right: true),
        ["upper"] = (e, value, _) => StringMethods.Upper(e.ToText(value)),
        ["lower"] = (e, value, _) => e.ToText(value).ToLowerInvariant(),
        ["title"] = (e, value, _) => StringMethods.Title(e.ToText(value)),
        ["capitalize"] = (e, value, _) => StringMethods.Capitalize(e.ToText(value)),
        ["string"] = (e, value, _) => e.ToText(value),
        ["safe"] = (_, value, _) => value,
        ["escape"] = (e, value, _) => Escape(e.ToText(value)),
        ["e"] = (e, value, _) => Escape(e.ToText(value)),
        ["replace"] = (e, value, arguments) => StringMethods.Replace(
            e.ToText(value), arguments.Text(0, "old", ""), arguments.Text(1, "new", ""), arguments.Get(2, "count") is null ? -1 : arguments.Integer(2, "count", -1), e.Budget),
        ["indent"] = Indent,
        ["tojson"] = ToJson,
        ["default"] = Default,
        ["d"] = Default,
        ["int"] = (_, value, arguments) => ToInt(value, arguments.Integer(0, "default", 0)),
        ["float"] = (_, value, arguments) => ToFloat(value, arguments.Get(0, "default", 0.0)),
        ["abs"] = (_, value, _) => value is double number ? Math.Abs(number) : (object)Math.Abs(Math.Max(TemplateValue.ToInteger(value, "the value"), -long.MaxValue)),
        ["round"] = (_, value, arguments) => Round(value, arguments),
        ["attr"] = (e, value, arguments) => Attribute(e, value, arguments.Text(0, "name", "")),
        ["wordcount"] = (e, value, _) => (long)e.ToText(value).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static Filter Find(string name) => ByName.GetValueOrDefault(name) ?? throw new TemplateError($"the filter \"{name}\" is not supported");

    // Never an item, in contrast to a dot.
    private static object? Attribute(Evaluator evaluator, object? value, string name) => value is DictValue dict
        ? (object?)Methods.OfDict(dict, name) ?? new UndefinedValue($"a mapping has no attribute \"{name}\"")
        : Access.Attribute(value, name, evaluator.Budget);

    private static object? Default(Evaluator evaluator, object? value, CallArguments arguments) =>
        value is UndefinedValue || (arguments.Flag(1, "boolean") && !TemplateValue.IsTrue(value)) ? arguments.Get(0, "default_value", "") : value;

    private static string ToJson(Evaluator evaluator, object? value, CallArguments arguments)
    {
        string? indent = arguments.Get(0, "indent") switch
        {
            null => null,
            string text => text,
            var width => new string(' ', (int)Math.Clamp(TemplateValue.ToInteger(width, "indent"), 0, 64)),
        };
        (string, string)? separators = arguments.Get(2, "separators") is ListValue { Items: [string item, string key] } ? (item, key) : null;
        return ValueWriter.ToJson(value, indent, separators, arguments.Flag(3, "sort_keys"), count => evaluator.Budget.Write(count));
    }

    private static string Indent(Evaluator evaluator, object? value, CallArguments arguments)
    {
        string text = evaluator.ToText(value);
        string indent = arguments.Get(0, "width", 4L) is string given ? given : new string(' ', (int)Math.Clamp(arguments.Integer(0, "width", 4), 0, 256));
        bool first = arguments.Flag(1, "first");
        bool blank = arguments.Flag(2, "blank");
        string[] lines = text.Split('\n');
        evaluator.Budget.Write(lines.Length * (long)indent.Length);
        return string.Join('\n', lines.Select((line, index) => (index == 0 ? first : blank || line.Length > 0) ? indent + line : line));
    }

    private static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal);

    private static long ToInt(object? value, long whenNone) => value switch
    {
        bool or long => TemplateValue.ToInteger(value, "the value"),
        double number when Math.Abs(number) < long.MaxValue => (long)number,
        string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed) => parsed,
        string text when TryFloat(text, out double parsed) && Math.Abs(parsed) < long.MaxValue => (long)parsed,
        _ => whenNone,
    };

    private static object? ToFloat(object? value, object? whenNone) => value switch
    {
        bool or long or double => TemplateValue.ToDouble(value),
        string text when TryFloat(text, out double parsed) => parsed,
        _ => whenNone,
    };

    private static bool TryFloat(string text, out double value) => double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    private static double Round(object? value, CallArguments arguments)
    {
        double scale = Math.Pow(10, Math.Clamp(arguments.Integer(0, "precision", 0), -300, 300));
        double scaled = TemplateValue.ToDouble(value) * scale;
        return arguments.Text(1, "method", "common") switch
        {
            "ceil" => Math.Ceiling(scaled) / scale,
            "floor" => Math.Floor(scaled) / scale,
            _ => Math.Round(scaled, MidpointRounding.ToEven) / scale,
        };
    }
}
