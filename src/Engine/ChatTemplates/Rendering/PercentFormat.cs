using System.Text;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Python's <c>%</c> on strings. <b>Source</b>: Python's documentation, "printf-style String Formatting".</summary>
internal sealed class PercentFormat
{
    private readonly string _format;
    private readonly object? _values;
    private readonly Budget _budget;
    private readonly StringBuilder _result = new();
    private int _at;
    private int _used;

    private PercentFormat(string format, object? values, Budget budget)
    {
        _format = format;
        _values = values;
        _budget = budget;
    }

    /// <param name="format">The text with its directives.</param>
    /// <param name="values">A tuple of values, a mapping for directives with names, or the one value.</param>
    /// <param name="budget">Told of the text made.</param>
    public static string Apply(string format, object? values, Budget budget) => new PercentFormat(format, values, budget).Run();

    private string Run()
    {
        while (_at < _format.Length)
        {
            int next = _format.IndexOf('%', _at);
            int end = next < 0 ? _format.Length : next;
            _result.Append(_format, _at, end - _at);
            _at = end + 1;
            if (next >= 0)
            {
                string text = Directive();
                _budget.Write(text.Length);
                _result.Append(text);
            }
        }

        // What is left over is an error, but for a mapping, a list or nothing.
        int given = _values is ListValue { IsTuple: true } tuple ? tuple.Items.Count : _values is DictValue or ListValue or UndefinedValue ? 0 : 1;
        return _used >= given ? _result.ToString() : throw new TemplateError("the format has fewer places than values");
    }

    private string Directive()
    {
        object? named = null;
        bool isNamed = TryTake('(');
        if (isNamed)
        {
            int end = _format.IndexOf(')', _at) is var found and >= 0 ? found : throw Malformed();
            named = _values is DictValue dict && dict.Items.TryGetValue(_format[_at..end], out object? value) ? value : throw new TemplateError("the format's name is missing");
            _at = end + 1;
        }

        var spec = new FormatSpec { Align = '>' };
        for (; Peek() is '-' or '0' or '+' or ' ' or '#'; _at++)
        {
            spec = Peek() switch
            {
                '-' => spec with { Align = '<' },
                '0' => spec with { ZeroPadded = true },
                '#' => spec with { Alternate = true },
                '+' => spec with { Sign = '+' },
                _ => spec.Sign == '+' ? spec : spec with { Sign = ' ' },
            };
        }

        spec = spec with { Width = Number() ?? 0 };
        spec = TryTake('.') ? spec with { Precision = Number() ?? 0 } : spec;
        char type = Peek() != '\0' ? _format[_at++] : throw Malformed();
        return type == '%' ? "%" : Convert(type, isNamed ? named : Next(), spec);
    }

    private string Convert(char type, object? value, FormatSpec spec)
    {
        bool number = type is not ('s' or 'r' or 'a' or 'c');
        spec = spec with { ZeroPadded = false, Align = number && spec is { ZeroPadded: true, Align: '>' } ? '=' : spec.Align, Fill = number && spec is { ZeroPadded: true, Align: '>' } ? "0" : " " };
        switch (type)
        {
            case 's':
                return spec.Apply(ValueWriter.ToText(value, count => _budget.Write(count)), _budget);
            case 'r' or 'a':
                return spec.Apply(ValueWriter.ToRepresentation(value, count => _budget.Write(count)), _budget);
            case 'c':
                return value is string { Length: 1 } ? spec.Apply(value, _budget) : (spec with { Type = 'c', Precision = null }).Apply(value, _budget);
            case 'd' or 'i' or 'u':
                return (spec with { Type = 'd', Precision = null }).Apply(value is double fraction && double.IsFinite(fraction) ? Whole(fraction) : value, _budget);
            case 'o' or 'x' or 'X' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' when value is bool or long or double:
                return (spec with { Type = type }).Apply(value, _budget);
            default:
                throw new TemplateError($"\"%{type}\" does not work on {TemplateValue.TypeName(value)}");
        }
    }

    private static long Whole(double number) => Math.Abs(number) < long.MaxValue ? (long)number : throw new TemplateError("an integer is too large");

    private object? Next()
    {
        if (_values is ListValue { IsTuple: true } tuple)
        {
            return _used < tuple.Items.Count ? tuple.Items[_used++] : throw new TemplateError("the format has more places than values");
        }

        return _used++ == 0 ? _values : throw new TemplateError("the format has more places than values");
    }

    private int? Number()
    {
        if (TryTake('*'))
        {
            return (int)Math.Clamp(TemplateValue.ToInteger(Next(), "a width"), 0, 10_000);
        }

        int start = _at;
        while (char.IsAsciiDigit(Peek()))
        {
            _at++;
        }

        return start == _at ? null : int.TryParse(_format.AsSpan(start, _at - start), out int number) && number <= 10_000 ? number : throw Malformed();
    }

    private char Peek() => _at < _format.Length ? _format[_at] : '\0';

    private bool TryTake(char wanted)
    {
        bool found = Peek() == wanted;
        _at += found ? 1 : 0;
        return found;
    }

    private TemplateError Malformed() => new($"the format \"{_format}\" is malformed");
}
