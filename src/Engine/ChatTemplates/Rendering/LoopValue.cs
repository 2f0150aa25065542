using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>The variable <c>loop</c>: where a loop stands.</summary>
/// <param name="items">What it runs over.</param>
/// <param name="depth">How many loops of a recursive one it stands in.</param>
/// <param name="recurse">Runs the loop over other items and yields what that writes; null where the loop is not recursive.</param>
internal sealed class LoopValue(List<object?> items, int depth, Func<object?, object?>? recurse)
{
    private object? _lastChanged = new UndefinedValue("nothing");

    public int Index { get; set; }

    public object? Recurse(CallArguments arguments) =>
        recurse is null ? throw new TemplateError("only a recursive loop can be called") : recurse(arguments.Required(0, "iterable"));

    public object? Attribute(string name) => name switch
    {
        "index" => (long)Index + 1,
        "index0" => (long)Index,
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "revindex" => (long)(items.Count - Index),
        "revindex0" => (long)(items.Count - Index - 1),
        "previtem" => Index > 0 ? items[Index - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new UndefinedValue("there is no next item"),
        "depth" => (long)depth + 1,
        "depth0" => (long)depth,
        "cycle" => new FunctionValue("cycle", arguments =>
            arguments.Positional.Count > 0 ? arguments.Positional[Index % arguments.Positional.Count] : throw new TemplateError("cycle needs values")),
        "changed" => new FunctionValue("changed", arguments => Changed(arguments)),
        _ => new UndefinedValue($"loop has no attribute \"{name}\""),
    };

    private bool Changed(CallArguments arguments)
    {
        var current = new ListValue(arguments.Positional);
        bool changed = !TemplateValue.AreEqual(current, _lastChanged);
        _lastChanged = current;
        return changed;
    }
}
