using System.Text;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Attributes, items and slices. What is missing is undefined; what an undefined value is asked for is an error.</summary>
internal static class Access
{
    /// <summary>A method or attribute, else the item of that name.</summary>
    public static object? Attribute(object? target, string name, Budget budget) => target switch
    {
        DictValue dict => Methods.OfDict(dict, name) ?? Lookup(dict, name),
        string text => (object?)Methods.OfString(text, name, budget) ?? Missing("a string", name),
        GroupValue group when group.Attribute(name) is { } part => part,
        ListValue list => (object?)Methods.OfList(list, name, budget) ?? Missing("a list", name),
        NamespaceValue space => space.Attributes.TryGetValue(name, out object? value) ? value : Missing("a namespace", name),
        LoopValue loop => loop.Attribute(name),
        UndefinedValue undefined => throw new TemplateError(undefined.Reason),
        _ => Missing(TemplateValue.TypeName(target), name),
    };

    /// <summary>The item, else the attribute of that name.</summary>
    public static object? Item(object? target, object? key, Budget budget)
    {
        switch (target, key)
        {
            // What can't be a key is no key.
            case (DictValue, DictValue or ListValue { IsTuple: false }):
                return Missing("a mapping", TemplateValue.TypeName(key));
            case (DictValue dict, not null):
                return dict.Items.TryGetValue(key, out object? value) ? value : key is string name && Methods.OfDict(dict, name) is { } method ? method : Missing("a mapping", $"{key}");
            case (ListValue list, long or bool):
                long index = Index(TemplateValue.ToInteger(key, "an index"), list.Items.Count);
                return index >= 0 ? list.Items[(int)index] : new UndefinedValue("the list has no item at this index");
            case (string text, long or bool):
                var characters = new Characters(text, budget);
                long at = Index(TemplateValue.ToInteger(key, "an index"), characters.Count);
                return at >= 0 ? characters[(int)at].ToString() : new UndefinedValue("the string has no character at this index");
            case (UndefinedValue undefined, _):
                throw new TemplateError(undefined.Reason);
            case (_, string attribute):
                return Attribute(target, attribute, budget);
            default:
                return Missing(TemplateValue.TypeName(target), TemplateValue.TypeName(key));
        }
    }

    public static object Slice(object? target, long? start, long? stop, long? step, Budget budget)
    {
        switch (target)
        {
            case string text:
                var characters = new Characters(text, budget);
                var result = new StringBuilder();
                foreach (int at in Positions(characters.Count, start, stop, step))
                {
                    result.Append(characters[at]);
                }

                return result.ToString();
            case ListValue list:
                budget.Step(list.Items.Count);
                return new ListValue([.. Positions(list.Items.Count, start, stop, step).Select(at => list.Items[at])], list.IsTuple);
            case UndefinedValue undefined:
                throw new TemplateError(undefined.Reason);
            default:
                throw new TemplateError($"{TemplateValue.TypeName(target)} can't be sliced");
        }
    }

    /// <summary>How many characters Python counts: code points.</summary>
    public static int Length(string text) => text.Length - text.AsSpan().CountAnyInSurrogatePairs();

    private static object? Lookup(DictValue dict, string name) => dict.Items.TryGetValue(name, out object? value) ? value : Missing("a mapping", name);

    private static UndefinedValue Missing(string what, string name) => new($"{what} has no attribute or item \"{name}\"");

    private static long Index(long index, int count)
    {
        long at = index < 0 ? index + count : index;
        return at >= 0 && at < count ? at : -1;
    }

    private static IEnumerable<int> Positions(int count, long? start, long? stop, long? step)
    {
        long by = step ?? 1;
        if (by == 0)
        {
            throw new TemplateError("a slice's step can't be zero");
        }

        by = Math.Clamp(by, -int.MaxValue, int.MaxValue);
        long from = Clamp(start, count, by, by > 0 ? 0 : count - 1);
        long to = stop is null && by < 0 ? -1 : Clamp(stop, count, by, count);
        for (long at = from; by > 0 ? at < to : at > to; at += by)
        {
            yield return (int)at;
        }
    }

    private static long Clamp(long? bound, int count, long step, long whenAbsent)
    {
        if (bound is not { } given)
        {
            return whenAbsent;
        }

        long at = given < 0 ? Math.Max(given, -(long)count - 1) + count : given;
        return step > 0 ? Math.Clamp(at, 0, count) : Math.Clamp(at, -1, count - 1);
    }

    private static int CountAnyInSurrogatePairs(this ReadOnlySpan<char> text)
    {
        int pairs = 0;
        foreach (char character in text)
        {
            pairs += char.IsLowSurrogate(character) ? 1 : 0;
        }

        return pairs;
    }
}
