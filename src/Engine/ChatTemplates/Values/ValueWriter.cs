using System.Globalization;
using System.Text;

namespace AdapterServe.Engine.ChatTemplates.Values;

/// <summary>Values as text: as Python prints them, and as Python's json module writes them.</summary>
internal sealed class ValueWriter
{
    private readonly StringBuilder _text = new();
    private readonly Action<int> _onWrite;
    private readonly string? _indent;
    private readonly string _itemSeparator;
    private readonly string _keySeparator;
    private readonly bool _sortKeys;
    private readonly bool _asciiOnly;

    private ValueWriter(Action<int> onWrite, string? indent, (string Item, string Key) separators, bool sortKeys, bool asciiOnly)
    {
        _asciiOnly = asciiOnly;
        _onWrite = onWrite;
        _indent = indent;
        _itemSeparator = separators.Item;
        _keySeparator = separators.Key;
        _sortKeys = sortKeys;
    }

    /// <summary>A value as output and string concatenation show it.</summary>
    public static string ToText(object? value, Action<int> onWrite) => value switch
    {
        string text => text,
        UndefinedValue => "",
        ListValue or DictValue => ToRepresentation(value, onWrite),
        _ => Scalar(value),
    };

    /// <param name="value">Anything that JSON can hold.</param>
    /// <param name="indent">One level's white space; null writes everything on one line.</param>
    /// <param name="separators">Between items and behind keys; null is Python's default.</param>
    /// <param name="sortKeys">Keys in order instead of as inserted.</param>
    /// <param name="asciiOnly">Other characters as escapes.</param>
    /// <param name="onWrite">Told the length of what is written.</param>
    public static string ToJson(object? value, string? indent, (string Item, string Key)? separators, bool sortKeys, bool asciiOnly, Action<int> onWrite)
    {
        var writer = new ValueWriter(onWrite, indent, separators ?? (indent is null ? ", " : ",", ": "), sortKeys, asciiOnly);
        writer.WriteJson(value, 0);
        return writer._text.ToString();
    }

    /// <summary>A value as its source would show it, strings in quotes.</summary>
    public static string ToRepresentation(object? value, Action<int> onWrite)
    {
        var writer = new ValueWriter(onWrite, null, (", ", ": "), sortKeys: false, asciiOnly: false);
        writer.WriteRepresentation(value);
        return writer._text.ToString();
    }

    private static string Scalar(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => Float(number),
        FunctionValue function => $"<function {function.Name}>",
        _ => throw new TemplateError($"{TemplateValue.TypeName(value)} can't be written"),
    };

    // The shortest digits that read back as the same number, in Python's layout.
    private static string Float(double number)
    {
        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }

        double size = Math.Abs(number);
        if (size != 0 && (size < 1e-4 || size >= 1e16))
        {
            string shortest = number.ToString("E16", CultureInfo.InvariantCulture);
            for (int digits = 0; digits < 16; digits++)
            {
                string candidate = number.ToString($"E{digits}", CultureInfo.InvariantCulture);
                if (double.Parse(candidate, CultureInfo.InvariantCulture) == number)
                {
                    shortest = candidate;
                    break;
                }
            }

            string[] parts = shortest.Split('E');
            int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
            return string.Create(CultureInfo.InvariantCulture, $"{parts[0]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }

        string plain = number.ToString(size >= 1e15 ? "F0" : "R", CultureInfo.InvariantCulture);
        return plain.Contains('.', StringComparison.Ordinal) ? plain : plain + ".0";
    }

    private void Append(string text)
    {
        _onWrite(text.Length);
        _text.Append(text);
    }

    private void WriteRepresentation(object? value)
    {
        switch (value)
        {
            case string text:
                WriteQuoted(text);
                break;
            case ListValue list:
                Append(list.IsTuple ? "(" : "[");
                WriteAll(list.Items, item => WriteRepresentation(item));
                Append(list.IsTuple ? (list.Items.Count == 1 ? ",)" : ")") : "]");
                break;
            case DictValue dict:
                Append("{");
                WriteAll(dict.Items, pair =>
                {
                    WriteRepresentation(pair.Key);
                    Append(": ");
                    WriteRepresentation(pair.Value);
                });
                Append("}");
                break;
            case UndefinedValue:
                Append("Undefined");
                break;
            default:
                Append(Scalar(value));
                break;
        }
    }

    private void WriteAll<T>(IEnumerable<T> items, Action<T> write)
    {
        bool first = true;
        foreach (T item in items)
        {
            Append(first ? "" : ", ");
            first = false;
            write(item);
        }
    }

    private void WriteQuoted(string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var quoted = new StringBuilder(text.Length + 2).Append(quote);
        foreach (char character in text)
        {
            string? escape = character switch
            {
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when character == quote => "\\" + quote,
                < ' ' or (>= '\u007F' and < '\u00A1') or '\u00AD' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"),
                _ => null,
            };
            _ = escape is null ? quoted.Append(character) : quoted.Append(escape);
        }

        Append(quoted.Append(quote).ToString());
    }

    private void WriteJson(object? value, int depth)
    {
        switch (value)
        {
            case null:
                Append("null");
                break;
            case bool flag:
                Append(flag ? "true" : "false");
                break;
            case double number when !double.IsFinite(number):
                Append(double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
                break;
            case long or double:
                Append(Scalar(value));
                break;
            case string text:
                WriteJsonString(text);
                break;
            case ListValue list:
                WriteJsonItems('[', ']', list.Items, depth, item => WriteJson(item, depth + 1));
                break;
            case DictValue dict:
                IEnumerable<KeyValuePair<object, object?>> items = _sortKeys ? dict.Items.OrderBy(pair => JsonKey(pair.Key), StringComparer.Ordinal) : dict.Items;
                WriteJsonItems('{', '}', items, depth, pair =>
                {
                    WriteJsonString(JsonKey(pair.Key));
                    Append(_keySeparator);
                    WriteJson(pair.Value, depth + 1);
                });
                break;
            default:
                throw new TemplateError($"{TemplateValue.TypeName(value)} can't be written as JSON");
        }
    }

    private static string JsonKey(object key) => key switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        _ => Scalar(key),
    };

    private void WriteJsonItems<T>(char open, char close, IEnumerable<T> items, int depth, Action<T> write)
    {
        Append(open.ToString());
        bool any = false;
        foreach (T item in items)
        {
            Append(any ? _itemSeparator : "");
            any = true;
            NewLine(depth + 1);
            write(item);
        }

        if (any)
        {
            NewLine(depth);
        }

        Append(close.ToString());
    }

    private void NewLine(int depth)
    {
        if (_indent is not null)
        {
            Append("\n");
            Append(string.Concat(Enumerable.Repeat(_indent, depth)));
        }
    }

    private void WriteJsonString(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (char character in text)
        {
            string? escape = character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                > '~' when _asciiOnly => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => null,
            };
            _ = escape is null ? quoted.Append(character) : quoted.Append(escape);
        }

        Append(quoted.Append('"').ToString());
    }
}
