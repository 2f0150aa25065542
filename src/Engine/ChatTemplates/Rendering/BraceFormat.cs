using System.Globalization;
using System.Text;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Python's <c>str.format</c>. <b>Source</b>: Python's documentation, "Format String Syntax".</summary>
internal sealed class BraceFormat
{
    private readonly string _format;
    private readonly CallArguments _arguments;
    private readonly Budget _budget;
    private int _next;

    private BraceFormat(string format, CallArguments arguments, Budget budget)
    {
        _format = format;
        _arguments = arguments;
        _budget = budget;
    }

    public static string Apply(string format, CallArguments arguments, Budget budget) => new BraceFormat(format, arguments, budget).Run(format, 0);

    private string Run(string format, int depth)
    {
        var result = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            char character = format[i];
            if (character is '{' or '}' && i + 1 < format.Length && format[i + 1] == character)
            {
                result.Append(character);
                i++;
            }
            else if (character == '{')
            {
                int end = FieldEnd(format, i + 1);
                string text = Field(format[(i + 1)..end], depth);
                _budget.Write(text.Length);
                result.Append(text);
                i = end;
            }
            else
            {
                result.Append(character != '}' ? character : throw Malformed());
            }
        }

        return result.ToString();
    }

    private int FieldEnd(string format, int start)
    {
        int open = 1;
        for (int i = start; i < format.Length; i++)
        {
            open += format[i] == '{' ? 1 : format[i] == '}' ? -1 : 0;
            if (open == 0)
            {
                return i;
            }
        }

        throw Malformed();
    }

    private string Field(string field, int depth)
    {
        if (depth > 1)
        {
            throw Malformed();
        }

        int colon = field.IndexOf(':', StringComparison.Ordinal);
        string head = colon < 0 ? field : field[..colon];
        int mark = head.IndexOf('!', StringComparison.Ordinal);
        object? value = Value(mark < 0 ? head : head[..mark]);
        if (mark >= 0)
        {
            value = head[(mark + 1)..] switch
            {
                "r" => ValueWriter.ToRepresentation(value, count => _budget.Write(count)),
                "s" => ValueWriter.ToText(value, count => _budget.Write(count)),
                _ => throw Malformed(),
            };
        }

        return FormatSpec.Parse(colon < 0 ? "" : Run(field[(colon + 1)..], depth + 1)).Apply(value is UndefinedValue ? "" : value, _budget);
    }

    // A place or a name, then attributes and items: 0.a[b].
    private object? Value(string path)
    {
        int end = path.AsSpan().IndexOfAny('.', '[');
        string first = end < 0 ? path : path[..end];
        object? value = first.Length == 0
            ? Positional(_next++)
            : int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int place)
                ? Positional(place)
                : _arguments.Named.TryGetValue(first, out object? named) ? named : throw new TemplateError($"the format's \"{first}\" is missing");
        while (end >= 0 && end < path.Length)
        {
            bool item = path[end] == '[';
            int stop = item ? path.IndexOf(']', end) : path.AsSpan(end + 1).IndexOfAny('.', '[') is var at and >= 0 ? end + 1 + at : path.Length;
            string name = stop > end + 1 ? path[(end + 1)..stop] : throw Malformed();
            value = !item
                ? Access.Attribute(value, name, _budget)
                : Access.Item(value, long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? index : name, _budget);
            end = item ? stop + 1 : stop;
        }

        return value;
    }

    private object? Positional(int place) =>
        place < _arguments.Positional.Count ? _arguments.Positional[place] : throw new TemplateError("the format has more places than values");

    private TemplateError Malformed() => new($"the format \"{_format}\" is malformed");
}
