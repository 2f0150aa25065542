namespace AdapterServe.Engine.ChatTemplates.Values;

// A template's values are null (none), bool, long, double, string, and the types below.

/// <summary>What a name or key without a value yields: prints as nothing, is false, and fails on any further use.</summary>
internal sealed record UndefinedValue(string Reason);

/// <summary>
/// What <c>safe</c> and <c>escape</c> yield: a text that escapes what is added to it. It is a plain string for everything but <c>+</c>, and once it has a name.
/// </summary>
internal sealed record MarkupText(string Text);

/// <summary>A list or tuple; not changed once a template has seen it.</summary>
internal class ListValue(List<object?> items, bool isTuple = false) : ContainerValue
{
    public List<object?> Items { get; } = items;

    public bool IsTuple { get; } = isTuple;

    protected override IEnumerable<object?> Children => Items;
}

/// <summary>A group of items with the same key: a pair with names.</summary>
internal sealed class GroupValue(object? grouper, ListValue items) : ListValue([grouper, items], isTuple: true)
{
    public object? Attribute(string name) => name switch { "grouper" => Items[0], "list" => Items[1], _ => null };
}

/// <summary>A mapping in insertion order; not changed once a template has seen it.</summary>
internal sealed class DictValue : ContainerValue
{
    public OrderedDictionary<object, object?> Items { get; } = new(ValueComparer.Instance);

    protected override IEnumerable<object?> Children => Items.Values;
}

/// <summary>The one thing that a template may change after making it.</summary>
internal sealed class NamespaceValue
{
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}

/// <summary>A macro, method or global function.</summary>
internal sealed class FunctionValue(string name, Func<CallArguments, object?> body)
{
    public string Name { get; } = name;

    public object? Invoke(CallArguments arguments) => body(arguments);
}

internal sealed class ValueComparer : IEqualityComparer<object>
{
    public static ValueComparer Instance { get; } = new();

    public new bool Equals(object? x, object? y) => TemplateValue.AreEqual(x, y);

    public int GetHashCode(object value) => value switch
    {
        bool flag => (flag ? 1.0 : 0.0).GetHashCode(),
        long number => ((double)number).GetHashCode(),
        ListValue { IsTuple: true } tuple => tuple.Items.Aggregate(0, (hash, item) => HashCode.Combine(hash, item is null ? 0 : GetHashCode(item))),
        ListValue or DictValue => throw new TemplateError($"{TemplateValue.TypeName(value)} can't be a key"),
        _ => value.GetHashCode(),
    };
}
