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
        ["lower"] = (text, _, _) => Lower(text),
        ["casefold"] = (text, _, _) => Lower(text).Replace("\u00DF", "ss", StringComparison.Ordinal),
        ["swapcase"] = (text, _, _) => string.Concat(text.Select(c => char.IsUpper(c) ? Lower(c.ToString()) : Upper(c.ToString()))),
        ["title"] = (text, _, _) => Title(text),
        ["capitalize"] = (text, _, _) => Capitalize(text),
        ["startswith"] = (text, arguments, budget) => Range(text, arguments, budget).Text is var part && AnyOf(arguments, prefix => part?.StartsWith(prefix, StringComparison.Ordinal) == true),
        ["endswith"] = (text, arguments, budget) => Range(text, arguments, budget).Text is var part && AnyOf(arguments, suffix => part?.EndsWith(suffix, StringComparison.Ordinal) == true),
        ["format"] = BraceFormat.Apply,
        ["removeprefix"] = (text, arguments, _) => arguments.Text(0, "prefix", "") is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text,
        ["removesuffix"] = (text, arguments, _) => arguments.Text(0, "suffix", "") is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text,
        ["split"] = (text, arguments, _) => Split(text, arguments, fromRight: false),
        ["rsplit"] = (text, arguments, _) => Split(text, arguments, fromRight: true),
        ["splitlines"] = (text, arguments, _) => new ListValue([.. TextLines.Split(text, arguments.Flag(0, "keepends"))]),
        ["partition"] = (text, arguments, _) => Partition(text, arguments.Text(0, "sep", ""), last: false),
        ["rpartition"] = (text, arguments, _) => Partition(text, arguments.Text(0, "sep", ""), last: true),
        ["replace"] = (text, arguments, budget) => Replace(text, arguments.Text(0, "old", ""), arguments.Text(1, "new", ""), arguments.Integer(2, "count", -1), budget),
        ["find"] = (text, arguments, budget) => Find(text, arguments, budget, last: false),
        ["rfind"] = (text, arguments, budget) => Find(text, arguments, budget, last: true),
        ["index"] = (text, arguments, budget) => Find(text, arguments, budget, last: false) is var at and >= 0 ? at : throw new TemplateError("the string does not hold this text"),
        ["rindex"] = (text, arguments, budget) => Find(text, arguments, budget, last: true) is var at and >= 0 ? at : throw new TemplateError("the string does not hold this text"),
        ["count"] = (text, arguments, budget) => Range(text, arguments, budget).Text is { } part ? Count(part, arguments.Text(0, "sub", "")) : 0L,
        ["join"] = (text, arguments, budget) => Join(text, [.. TemplateValue.Items(arguments.Required(0, "iterable")).Select(OnlyText)], budget),
        ["isdigit"] = (text, _, _) => All(text, rune => Rune.IsDigit(rune) || IsSuperscript(rune)),
        ["isdecimal"] = (text, _, _) => All(text, Rune.IsDigit),
        ["isnumeric"] = (text, _, _) => All(text, Rune.IsNumber),
        ["isalpha"] = (text, _, _) => All(text, Rune.IsLetter),
        ["isalnum"] = (text, _, _) => All(text, rune => Rune.IsLetter(rune) || Rune.IsNumber(rune)),
        ["isspace"] = (text, _, _) => All(text, rune => Rune.IsWhiteSpace(rune) || rune.Value is >= 0x1C and <= 0x1F),
        ["isascii"] = (text, _, _) => text.All(char.IsAscii),
        ["isupper"] = (text, _, _) => IsUpper(text),
        ["islower"] = (text, _, _) => IsLower(text),
        ["istitle"] = (text, _, _) => text.Any(char.IsLetter) && Title(text) == text,
        ["isidentifier"] = (text, _, _) => All(text, rune => rune.Value == '_' || Rune.IsLetterOrDigit(rune)) && !char.IsDigit(text[0]),
        ["ljust"] = (text, arguments, budget) => Pad(text, arguments, budget, atRight: true),
        ["rjust"] = (text, arguments, budget) => Pad(text, arguments, budget, atRight: false),
        ["center"] = (text, arguments, budget) => Center(text, arguments.Integer(0, "width", 0), Fill(arguments), budget),
        ["zfill"] = (text, arguments, budget) => (text is ['+' or '-', ..] ? text[..1] : "") is var sign
            ? sign + Repeat("0", arguments.Integer(0, "width", 0) - Access.Length(text), budget) + text[sign.Length..]
            : "",
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

    /// <summary>U+0130 is the one letter whose small form is two characters.</summary>
    public static string Lower(string text) => text.ToLowerInvariant().Replace("\u0130", "i\u0307", StringComparison.Ordinal);

    public static bool IsUpper(string text) => text.Any(char.IsUpper) && !text.Any(char.IsLower);

    public static bool IsLower(string text) => text.Any(char.IsLower) && !text.Any(char.IsUpper);

    /// <summary>An odd space goes to the left where the width is odd, as in Python.</summary>
    public static string Center(string text, long width, string fill, Budget budget)
    {
        long missing = Math.Max(0, width - Access.Length(text));
        long left = (missing / 2) + (missing & width & 1);
        return Repeat(fill, left, budget) + text + Repeat(fill, missing - left, budget);
    }

    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + Lower(text[1..]);

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

    // Start and end count characters, as in slices; null where the range lies behind the end.
    private static (string? Text, long Start) Range(string text, CallArguments arguments, Budget budget)
    {
        if (!arguments.Has(1, "start"))
        {
            return (text, 0);
        }

        int length = Access.Length(text);
        long start = arguments.Get(1, "start") is null ? 0 : arguments.Integer(1, "start", 0);
        long? end = arguments.Get(2, "end") is null ? null : arguments.Integer(2, "end", 0);
        start = start < 0 ? Math.Max(0, start + length) : start;
        return start > length ? (null, start) : ((string)Access.Slice(text, start, end, null, budget), start);
    }

    private static long Find(string text, CallArguments arguments, Budget budget, bool last)
    {
        string wanted = arguments.Text(0, "sub", "");
        (string? part, long start) = Range(text, arguments, budget);
        int at = part is null ? -1 : last ? part.LastIndexOf(wanted, StringComparison.Ordinal) : part.IndexOf(wanted, StringComparison.Ordinal);
        return at < 0 ? -1 : start + Access.Length(part![..at]);
    }

    private static object OnlyText(object? item) => item is string text ? text : throw new TemplateError($"only strings can be joined, not {TemplateValue.TypeName(item)}");

    private static bool All(string text, Func<Rune, bool> holds) => text.Length > 0 && text.EnumerateRunes().All(holds);

    private static bool IsSuperscript(Rune rune) => rune.Value is 0xB2 or 0xB3 or 0xB9 or 0x2070 or (>= 0x2074 and <= 0x2079) or (>= 0x2080 and <= 0x2089) or (>= 0x2460 and <= 0x2468);

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
        string padding = Repeat(Fill(arguments), arguments.Integer(0, "width", 0) - Access.Length(text), budget);
        return atRight ? text + padding : padding + text;
    }

    private static string Fill(CallArguments arguments) =>
        arguments.Text(1, "fillchar", " ") is var fill && Access.Length(fill) == 1 ? fill : throw new TemplateError("a fill must be one character");

    private static string Repeat(string fill, long count, Budget budget)
    {
        budget.Write(Math.Max(0, count));
        return count <= 0 ? "" : new StringBuilder().Insert(0, fill, (int)count).ToString();
    }
}
