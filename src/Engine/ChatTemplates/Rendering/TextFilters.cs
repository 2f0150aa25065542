using System.Text.RegularExpressions;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Jinja's filters that lay out a text.</summary>
internal static partial class TextFilters
{
    public static Dictionary<string, Filter> All { get; } = new(StringComparer.Ordinal)
    {
        ["center"] = (e, value, arguments) => StringMethods.Center(e.ToText(value), arguments.Integer(0, "width", 80), " ", e.Budget),
        ["format"] = (e, value, arguments) => Format(e, e.ToText(value), arguments),
        ["pprint"] = (e, value, _) => ValueWriter.ToRepresentation(value, count => e.Budget.Write(count)),
        ["title"] = (e, value, _) => Words().Replace(e.ToText(value), word => char.ToUpperInvariant(word.Value[0]) + word.Value[1..].ToLowerInvariant()),
        ["truncate"] = Truncate,
        ["wordcount"] = (e, value, _) => (long)WordRuns().Count(e.ToText(value)),
    };

    private static string Format(Evaluator evaluator, string text, CallArguments arguments)
    {
        if (arguments is { Positional.Count: > 0, Named.Count: > 0 })
        {
            throw new TemplateError("a format takes values by place or by name, not both");
        }

        object values = new ListValue(arguments.Positional, isTuple: true);
        if (arguments.Named.Count > 0)
        {
            var dict = new DictValue();
            foreach ((string name, object? value) in arguments.Named)
            {
                dict.Items[name] = value;
            }

            values = dict;
        }

        return PercentFormat.Apply(text, values, evaluator.Budget);
    }

    private static string Truncate(Evaluator evaluator, object? value, CallArguments arguments)
    {
        var text = new Characters(evaluator.ToText(value), evaluator.Budget);
        long length = arguments.Integer(0, "length", 255);
        string end = arguments.Text(2, "end", "...");
        long leeway = arguments.Get(3, "leeway") is null ? 5 : arguments.Integer(3, "leeway", 5);
        if (length < Access.Length(end) || leeway < 0)
        {
            throw new TemplateError("truncate needs a length that its end fits in, and a leeway that is not negative");
        }

        if (text.Count <= length + leeway)
        {
            return text.ToString();
        }

        string kept = text[..(int)(length - Access.Length(end))];
        int space = kept.LastIndexOf(' ');
        return (arguments.Flag(1, "killwords") || space < 0 ? kept : kept[..space]) + end;
    }

    [GeneratedRegex(@"[^-\s({\[<]+")]
    private static partial Regex Words();

    [GeneratedRegex(@"\w+")]
    private static partial Regex WordRuns();
}
