using System.Text.Json;

namespace AdapterServe.Engine.ChatTemplates.Values;

/// <summary>Python's rules for truth, equality, order and types, as far as templates see them.</summary>
internal static class TemplateValue
{
    private const int MaxIteratedCharacters = 1 << 20;

    public static bool IsTrue(object? value) => value switch
    {
        null or UndefinedValue => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        ListValue list => list.Items.Count > 0,
        DictValue dict => dict.Items.Count > 0,
        _ => true,
    };

    public static bool AreEqual(object? left, object? right)
    {
        if (left is bool or long or double && right is bool or long or double)
        {
            return left is long a && right is long b ? a == b : ToDouble(left) == ToDouble(right);
        }

        return (left, right) switch
        {
            (null, null) => true,
            (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
            (ListValue a, ListValue b) => a.IsTuple == b.IsTuple && a.Items.Count == b.Items.Count && a.Items.Zip(b.Items).All(pair => AreEqual(pair.First, pair.Second)),
            (DictValue a, DictValue b) => a.Items.Count == b.Items.Count
                && a.Items.All(pair => b.Items.TryGetValue(pair.Key, out object? other) && AreEqual(pair.Value, other)),
            (UndefinedValue, UndefinedValue) => true,
            _ => ReferenceEquals(left, right),
        };
    }

    public static int Compare(object? left, object? right)
    {
        switch (left, right)
        {
            case (string a, string b):
                return string.CompareOrdinal(a, b);
            case (long a, long b):
                return a.CompareTo(b);
            case (bool or long or double, bool or long or double):
                return ToDouble(left).CompareTo(ToDouble(right));
            case (ListValue a, ListValue b) when a.IsTuple == b.IsTuple:
                int difference = a.Items.Zip(b.Items).Select(pair => AreEqual(pair.First, pair.Second) ? 0 : Compare(pair.First, pair.Second)).FirstOrDefault(order => order != 0);
                return difference != 0 ? difference : a.Items.Count.CompareTo(b.Items.Count);
            default:
                throw new TemplateError($"{TypeName(left)} and {TypeName(right)} have no order");
        }
    }

    /// <summary>The items that a loop sees; an undefined value has none.</summary>
    public static List<object?> Items(object? value) => value switch
    {
        ListValue list => list.Items,
        DictValue dict => [.. dict.Items.Keys],
        string { Length: > MaxIteratedCharacters } => throw new TemplateError("a string of this length can't be iterated"),
        string text => [.. text.EnumerateRunes().Select(rune => rune.ToString())],
        UndefinedValue => [],
        _ => throw new TemplateError($"{TypeName(value)} can't be iterated"),
    };

    public static bool Contains(object? container, object? item) => container switch
    {
        string text => item is string part ? text.Contains(part, StringComparison.Ordinal) : throw new TemplateError($"{TypeName(item)} can't be part of a string"),
        DictValue dict => item is not null && dict.Items.ContainsKey(item),
        _ => Items(container).Any(candidate => AreEqual(candidate, item)),
    };

    public static double ToDouble(object? value) => value switch
    {
        bool flag => flag ? 1 : 0,
        long number => number,
        double number => number,
        _ => throw new TemplateError($"a number is expected, not {TypeName(value)}"),
    };

    public static long ToInteger(object? value, string what) => value switch
    {
        bool flag => flag ? 1 : 0,
        long number => number,
        _ => throw new TemplateError($"{what} must be an integer, not {TypeName(value)}"),
    };

    public static string TypeName(object? value) => value switch
    {
        null => "none",
        UndefinedValue undefined => $"an undefined value ({undefined.Reason})",
        bool => "a boolean",
        long => "an integer",
        double => "a float",
        string => "a string",
        ListValue => "a list",
        DictValue => "a mapping",
        NamespaceValue => "a namespace",
        _ => "a function",
    };

    /// <summary>JSON as a template sees it. <b>Errors</b>: <see cref="ChatTemplateException"/> for text that is not valid Unicode.</summary>
    public static object? FromJson(JsonElement json)
    {
        try
        {
            return json.ValueKind switch
            {
                JsonValueKind.String => json.GetString(),
                JsonValueKind.Number => Number(json),
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.Array => new ListValue([.. json.EnumerateArray().Select(FromJson)]),
                JsonValueKind.Object => Dict(json),
                _ => null,
            };
        }
        catch (InvalidOperationException e)
        {
            throw new ChatTemplateException("The messages hold text that is not valid Unicode.", e);
        }
    }

    private static object Number(JsonElement json) =>
        json.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0 && json.TryGetInt64(out long integer) ? (object)integer : json.GetDouble();

    private static DictValue Dict(JsonElement json)
    {
        var dict = new DictValue();
        foreach (JsonProperty property in json.EnumerateObject())
        {
            dict.Items[property.Name] = FromJson(property.Value);
        }

        return dict;
    }
}
