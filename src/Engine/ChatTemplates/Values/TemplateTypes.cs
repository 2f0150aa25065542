namespace AdapterServe.Engine.ChatTemplates.Values;

// A template's values are null (none), bool, long, double, string, and the types below.

/// <summary>What a name or key without a value yields: prints as nothing, is false, and fails on any further use.</summary>
internal sealed record UndefinedValue(string Reason);

/// <summary>A list or tuple; not changed once made.</summary>
internal sealed record ListValue(List<object?> Items, bool IsTuple = false);

/// <summary>A mapping in insertion order.</summary>
internal sealed class DictValue
{
    public OrderedDictionary<object, object?> Items { get; } = new(ValueComparer.Instance);
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
        ListValue list => list.Items.Count,
        DictValue or NamespaceValue => throw new TemplateError("a mapping can't be a key"),
        _ => value.GetHashCode(),
    };
}
