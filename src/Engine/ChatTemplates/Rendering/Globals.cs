using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>The functions that every template sees.</summary>
internal static class Globals
{
    private const int MaxRange = 100_000;

    public static void Define(Scope scope, TimeProvider time, Budget budget)
    {
        Add(scope, "raise_exception", arguments =>
            throw new ChatTemplateException(ValueWriter.ToText(arguments.Get(0, "message", ""), count => budget.Write(count))) { RaisedByTemplate = true });
        Add(scope, "strftime_now", arguments => Strftime.Format(time.GetLocalNow(), arguments.Text(0, "format", "%Y-%m-%d")));
        Add(scope, "range", arguments => Range(arguments, budget));
        Add(scope, "namespace", Namespace);
        Add(scope, "dict", arguments => Dict(arguments));
    }

    private static void Add(Scope scope, string name, Func<CallArguments, object?> body) => scope.Set(name, new FunctionValue(name, body));

    private static ListValue Range(CallArguments arguments, Budget budget)
    {
        long first = arguments.Integer(0, "start", 0);
        bool single = arguments.Positional.Count < 2;
        long start = single ? 0 : first;
        long stop = single ? first : arguments.Integer(1, "stop", 0);
        long step = arguments.Integer(2, "step", 1);
        if (step == 0)
        {
            throw new TemplateError("a range's step can't be zero");
        }

        Int128 distance = step > 0 ? (Int128)stop - start : (Int128)start - stop;
        Int128 count = distance <= 0 ? 0 : ((distance - 1) / Int128.Abs(step)) + 1;
        if (count > MaxRange)
        {
            throw new TemplateError($"a range is longer than {MaxRange}");
        }

        budget.Step((long)count);
        return new ListValue([.. Enumerable.Range(0, (int)count).Select(i => (object?)(start + (i * step)))]);
    }

    private static NamespaceValue Namespace(CallArguments arguments)
    {
        var space = new NamespaceValue();
        foreach ((object key, object? value) in Dict(arguments).Items)
        {
            space.Attributes[key as string ?? throw new TemplateError("a namespace's names must be strings")] = value;
        }

        return space;
    }

    private static DictValue Dict(CallArguments arguments)
    {
        var dict = new DictValue();
        if (arguments.Positional is [DictValue source, ..])
        {
            foreach ((object key, object? value) in source.Items)
            {
                dict.Items[key] = value;
            }
        }

        foreach (object? pair in arguments.Positional is [ListValue pairs, ..] ? pairs.Items : [])
        {
            (object key, object? value) = pair is ListValue { Items: [{ } name, var held] } ? (name, held) : throw new TemplateError("dict needs pairs");
            dict.Items[key] = value;
        }

        foreach ((string key, object? value) in arguments.Named)
        {
            dict.Items[key] = value;
        }

        return dict;
    }
}
