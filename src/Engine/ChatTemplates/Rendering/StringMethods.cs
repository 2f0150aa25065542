using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

internal delegate object? StringMethod(string text, CallArguments arguments, Budget budget);

/// <summary>Python's methods of strings.</summary>
internal static class StringMethods
{
    private static readonly SearchValues<char> Blanks = SearchValues.Create(" \t\n\r\f\v");

    private static readonly FrozenDictionary<string, StringMethod> ByName = new Dictionary<string, StringMethod>
    {
        ["strip"] = (text, arguments, _) => Strip(text, arguments, left: true, right: true),
        ["lstrip"] = (text, arguments, _) => Strip(text, arguments, left: true, right: false),
        ["rstrip"] = (text, arguments, _) => Strip(text, arguments, left: false, right: true),
        ["upper"] = (text, _, _) => Upper(text),
        ["lower"] = (text, _, _) => text.ToLowerInvariant(),
        ["title"] = (text, _, _) => Title(text),
        ["capitalize"] = (text, _, _) => Capitalize(text),
        ["startswith"] = (text, arguments, _) => AnyOf(arguments, prefix => text.StartsWith(prefix, StringComparison.Ordinal)),
        ["endswith"] = (text, arguments, _) => AnyOf(arguments, suffix => text.EndsWith(suffix, StringComparison.Ordinal)),
        ["removeprefix"] = (text, arguments, _) => arguments.Text(0, "prefix", "") is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text,
        ["removesuffix"] = (text, arguments, _) => arguments.Text(0, "suffix", "") is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text,
        ["split"] = (text, arguments, _) => Split(text, arguments, fromRight: false),
        ["rsplit"] = (text, arguments, _) => Split(text, arguments, fromRight: true),
        ["splitlines"] = (text, _, _) => Lines(text),
        ["partition"] = (text, arguments, _) => Partition(text, arguments.Text(0, "sep", ""), last: false),
        ["rpartition"] = (text, arguments, _) => Partition(text, arguments.Text(0, "sep", ""), last: true),
        ["replace"] = (text, arguments, budget) => Replace(text, arguments.Text(0, "old", ""), arguments.Text(1, "new", ""), arguments.Integer(2, "count", -1), budget),
        ["find"] = (text, arguments, _) => Position(text, text.IndexOf(arguments.Text(0, "sub", ""), StringComparison.Ordinal)),
        ["rfind"] = (text, arguments, _) => Position(text, text.LastIndexOf(arguments.Text(0, "sub", ""), StringComparison.Ordinal)),
        ["index"] = (text, arguments, _) => Position(text, text.IndexOf(arguments.Text(0, "sub", ""), StringComparison.Ordinal)) is var at and >= 0 ? at : throw new TemplateError("the string does not hold this text"),
        ["count"] = (text, arguments, _) => Count(text, arguments.Text(0, "sub", "")),
        ["join"] = (text, arguments, budget) => Join(text, TemplateValue.Items(arguments.Required(0, "iterable")), budget),
        ["isdigit"] = (text, _, _) => text.Length > 0 && text.All(char.IsDigit),
        ["isalpha"] = (text, _, _) => text.Length > 0 && text.All(char.IsLetter),
        ["isalnum"] = (text, _, _) => text.Length > 0 && text.All(char.IsLetterOrDigit),
        ["isspace"] = (text, _, _) => text.Length > 0 && text.All(char.IsWhiteSpace),
        ["isupper"] = (text, _, _) => text.Any(char.IsUpper) && !text.Any(char.IsLower),
        ["islower"] = (text, _, _) => text.Any(char.IsLower) && !text.Any(char.IsUpper),
        ["ljust"] = (text, arguments, budget) => Pad(text, arguments, budget, atRight: true),
        ["rjust"] = (text, arguments, budget) => Pad(text, arguments, budget, atRight: false),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static StringMethod? Find(string name) => ByName.GetValueOrDefault(name);

    public static string Strip(string text, CallArguments arguments, bool left, bool right)
    {
        char[]? characters = arguments.Get(0, "chars") is null ? null : arguments.Text(0, "chars", "").ToCharArray();
        if (characters is { Length: 0 })
        {
            return text;
        }

        string result = left ? text.TrimStart(characters) : text;
        return right ? result.TrimEnd(characters) : result;
    }

    /// <summary>The sharp s is the one common letter whose capital form is two letters.</summary>
    public static string Upper(string text) => text.ToUpperInvariant().Replace("\u00DF", "SS", StringComparison.Ordinal);

    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        bool inWord = false;
        foreach (char character in text)
        {
            result.Append(inWord ? char.ToLowerInvariant(character) : char.ToUpperInvariant(character));
            inWord = char.IsLetter(character);
        }

        return result.ToString();
    }

    public static string Replace(string text, string old, string fresh, long count, Budget budget)
    {
        if (old.Length == 0)
        {
            return Spread(text, fresh, count, budget);
        }

        var result = new StringBuilder();
        int from = 0;
        for (int at; count != 0 && (at = text.IndexOf(old, from, StringComparison.Ordinal)) >= 0; count--)
        {
            budget.Write(at - from + fresh.Length);
            result.Append(text, from, at - from).Append(fresh);
            from = at + old.Length;
        }

        return result.Append(text, from, text.Length - from).ToString();
    }

    public static string Join(string separator, List<object?> items, Budget budget)
    {
        var result = new StringBuilder();
        for (int i = 0; i < items.Count; i++)
        {
            string item = ValueWriter.ToText(items[i], count => budget.Write(count));
            budget.Write(item.Length + separator.Length);
            result.Append(i > 0 ? separator : "").Append(item);
        }

        return result.ToString();
    }

    // Replacing nothing puts the new text before each character and at the end.
    private static string Spread(string text, string fresh, long count, Budget budget)
    {
        budget.Write(text.Length + ((text.Length + 1L) * fresh.Length));
        var result = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            result.Append(count-- != 0 ? fresh : "").Append(rune.ToString());
            count = Math.Max(count, -1);
        }

        return result.Append(count != 0 ? fresh : "").ToString();
    }

    private static bool AnyOf(CallArguments arguments, Func<string, bool> matches) => arguments.Required(0, "prefix") switch
    {
        string single => matches(single),
        ListValue list => list.Items.Any(item => item is string text && matches(text)),
        var other => throw new TemplateError($"a string is expected, not {TemplateValue.TypeName(other)}"),
    };

    private static ListValue Split(string text, CallArguments arguments, bool fromRight)
    {
        long limit = arguments.Integer(1, "maxsplit", -1);
        int most = limit < 0 || limit >= int.MaxValue ? int.MaxValue : (int)limit + 1;
        if (arguments.Get(0, "sep") is null)
        {
            return SplitWords(text, most, fromRight);
        }

        string separator = arguments.Text(0, "sep", "") is { Length: > 0 } given ? given : throw new TemplateError("a separator can't be empty");
        if (!fromRight)
        {
            return new ListValue([.. text.Split(separator, most)]);
        }

        string[] parts = text.Split(separator);
        int joined = Math.Max(0, parts.Length - most);
        return new ListValue([string.Join(separator, parts[..(joined + 1)]), .. parts[(joined + 1)..]]);
    }

    private static ListValue SplitWords(string text, int most, bool fromRight)
    {
        if (most == int.MaxValue)
        {
            return new ListValue([.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)]);
        }

        var words = new List<object?>();
        string rest = fromRight ? text.TrimEnd() : text.TrimStart();
        while (rest.Length > 0 && words.Count < most - 1)
        {
            int at = fromRight ? rest.AsSpan().LastIndexOfAny(Blanks) : rest.AsSpan().IndexOfAny(Blanks);
            if (at < 0)
            {
                break;
            }

            words.Add(fromRight ? rest[(at + 1)..] : rest[..at]);
            rest = fromRight ? rest[..at].TrimEnd() : rest[(at + 1)..].TrimStart();
        }

        if (rest.Length > 0)
        {
            words.Add(rest);
        }

        if (fromRight)
        {
            words.Reverse();
        }

        return new ListValue(words);
    }

    private static ListValue Lines(string text)
    {
        string unified = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        string[] lines = unified.Split('\n');
        return new ListValue([.. lines.Length > 0 && lines[^1].Length == 0 ? lines[..^1] : lines]);
    }

    private static ListValue Partition(string text, string separator, bool last)
    {
        if (separator.Length == 0)
        {
            throw new TemplateError("a separator can't be empty");
        }

        int at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        object?[] parts = at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]] : last ? ["", "", text] : [text, "", ""];
        return new ListValue([.. parts], isTuple: true);
    }

    private static long Position(string text, int at) => at < 0 ? -1 : Access.Length(text[..at]);

    private static long Count(string text, string part)
    {
        if (part.Length == 0)
        {
            return Access.Length(text) + 1;
        }

        long count = 0;
        for (int at = 0; (at = text.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length)
        {
            count++;
        }

        return count;
    }

    private static string Pad(string text, CallArguments arguments, Budget budget, bool atRight)
    {
        string fill = arguments.Text(1, "fillchar", " ") is { Length: 1 } one ? one : throw new TemplateError("a fill must be one character");
        long missing = arguments.Integer(0, "width", 0) - Access.Length(text);
        if (missing <= 0)
        {
            return text;
        }

        budget.Write(missing);
        string padding = new(fill[0], (int)missing);
        return atRight ? text + padding : padding + text;
    }
}
