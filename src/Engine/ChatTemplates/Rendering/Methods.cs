using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Python's methods of strings, lists and mappings. Those that would change their object do not exist here, as in the reference.</summary>
internal static class Methods
{
    public static FunctionValue? OfDict(DictValue dict, string name)
    {
        Func<CallArguments, object?>? body = name switch
        {
            "get" => arguments => arguments.Required(0, "key") is { } key && dict.Items.TryGetValue(key, out object? value) ? value : arguments.Get(1, "default"),
            "keys" => _ => new ListValue([.. dict.Items.Keys]),
            "values" => _ => new ListValue([.. dict.Items.Values]),
            "items" => _ => Pairs(dict),
            "copy" => _ => dict,
            _ => null,
        };
        return body is null ? null : new FunctionValue(name, body);
    }

    public static ListValue Pairs(DictValue dict) => new([.. dict.Items.Select(pair => new ListValue([pair.Key, pair.Value], isTuple: true))]);

    public static FunctionValue? OfList(ListValue list, string name, Budget budget)
    {
        Func<CallArguments, object?>? body = name switch
        {
            "index" => arguments => list.Items.FindIndex(item => TemplateValue.AreEqual(item, arguments.Required(0, "value"))) is var at and >= 0
                ? (long)at
                : throw new TemplateError("the list does not hold this value"),
            "count" => arguments => (long)list.Items.Count(item => TemplateValue.AreEqual(item, arguments.Required(0, "value"))),
            "copy" => _ => list,
            "append" or "extend" or "insert" or "pop" or "remove" or "clear" or "sort" or "reverse" => _ => throw new TemplateError("a list can't be changed"),
            _ => null,
        };
        return body is null ? null : new FunctionValue(name, arguments =>
        {
            budget.Step(list.Weight + arguments.Weight);
            return body(arguments);
        });
    }

    public static FunctionValue? OfString(string text, string name, Budget budget) =>
        StringMethods.Find(name) is { } method
            ? new FunctionValue(name, arguments =>
            {
                budget.Write(text.Length);
                return method(text, arguments, budget);
            })
            : null;
}
