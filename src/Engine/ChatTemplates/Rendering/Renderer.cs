using System.Text;
using AdapterServe.Engine.ChatTemplates.Syntax;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Runs a template's statements once. <b>Errors</b>: <see cref="ChatTemplateException"/> with the line.</summary>
internal sealed class Renderer(Budget budget)
{
    private readonly Evaluator _evaluator = new(budget);
    private StringBuilder _output = new();
    private int _line = 1;

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public string Render(Statement[] template, Scope globals)
    {
        try
        {
            Run(template, globals);
            return _output.ToString();
        }
        catch (TemplateError e)
        {
            throw new ChatTemplateException($"The chat template fails in line {_line}: {e.Message}.", e);
        }
    }

    private Flow Run(Statement[] statements, Scope scope)
    {
        foreach (Statement statement in statements)
        {
            _line = statement.Line;
            if (Run(statement, scope) is var flow and not Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    private Flow Run(Statement statement, Scope scope)
    {
        budget.Enter();
        Flow flow = Flow.Next;
        switch (statement)
        {
            case TextStatement text:
                budget.Write(text.Text.Length);
                _output.Append(text.Text);
                break;
            case OutputStatement output:
                _output.Append(_evaluator.ToText(_evaluator.Evaluate(output.Value, scope)));
                break;
            case IfStatement choice:
                flow = RunIf(choice, scope);
                break;
            case ForStatement loop:
                RunFor(loop, _evaluator.Evaluate(loop.Items, scope), scope, depth: 0);
                break;
            case SetStatement set:
                Assign(set.Target, _evaluator.Evaluate(set.Value, scope), scope);
                break;
            case SetBlockStatement set:
                Assign(set.Target, Capture(set.Body, new Scope(scope), set.Filters), scope);
                break;
            case FilterStatement filter:
                _output.Append(_evaluator.ToText(Capture(filter.Body, new Scope(scope), filter.Filters)));
                break;
            case MacroStatement macro:
                scope.Set(macro.Macro.Name, Function(macro.Macro, scope));
                break;
            case CallStatement call:
                RunCall(call, scope);
                break;
            case WithStatement with:
                flow = RunWith(with, scope);
                break;
            case BlockStatement block:
                flow = Run(block.Body, new Scope(scope));
                break;
            case LoopControlStatement control:
                flow = control.Break ? Flow.Break : Flow.Continue;
                break;
            default:
                throw new InvalidOperationException($"No rule for {statement.GetType().Name}.");
        }

        budget.Leave();
        return flow;
    }

    private Flow RunIf(IfStatement choice, Scope scope)
    {
        foreach ((Expression test, Statement[] body) in choice.Branches)
        {
            if (TemplateValue.IsTrue(_evaluator.Evaluate(test, scope)))
            {
                return Run(body, scope);
            }
        }

        return Run(choice.Else, scope);
    }

    private void RunFor(ForStatement loop, object? iterated, Scope scope, int depth)
    {
        List<object?> items = TemplateValue.Items(iterated);
        if (loop.Filter is not null)
        {
            items = [.. items.Where(item => TemplateValue.IsTrue(_evaluator.Evaluate(loop.Filter, LoopScope(loop, item, scope))))];
        }

        var position = new LoopValue(items, depth, loop.Recursive ? inner => Written(() => RunFor(loop, inner, scope, depth + 1)) : null);
        for (int i = 0; i < items.Count; i++)
        {
            budget.Step();
            position.Index = i;
            Scope inner = LoopScope(loop, items[i], scope);
            inner.Set("loop", position);
            if (Run(loop.Body, inner) == Flow.Break)
            {
                break;
            }
        }

        if (items.Count == 0)
        {
            Run(loop.Else, scope);
        }
    }

    private static Scope LoopScope(ForStatement loop, object? item, Scope outer)
    {
        var scope = new Scope(outer);
        Assign(loop.Target, item, scope);
        return scope;
    }

    private Flow RunWith(WithStatement with, Scope scope)
    {
        var inner = new Scope(scope);
        foreach ((Target target, Expression value) in with.Values)
        {
            Assign(target, _evaluator.Evaluate(value, scope), inner);
        }

        return Run(with.Body, inner);
    }

    private void RunCall(CallStatement call, Scope scope)
    {
        CallArguments arguments = _evaluator.Evaluate(call.Call.Arguments, scope);
        arguments.Named["caller"] = Function(call.Caller, scope);
        _output.Append(_evaluator.ToText(Evaluator.Invoke(_evaluator.Evaluate(call.Call.Target, scope), arguments)));
    }

    private FunctionValue Function(Macro macro, Scope definition) => new(macro.Name, arguments =>
    {
        int line = _line;
        var scope = new Scope(definition);
        for (int i = 0; i < macro.Parameters.Length; i++)
        {
            Parameter parameter = macro.Parameters[i];
            object? value = arguments.Has(i, parameter.Name)
                ? arguments.Get(i, parameter.Name)
                : parameter.Default is { } fallback ? _evaluator.Evaluate(fallback, scope) : new UndefinedValue($"'{parameter.Name}' is undefined");
            scope.Set(parameter.Name, value);
        }

        TakeRest(macro, arguments, scope);
        object? result = Capture(macro.Body, scope, []);
        _line = line;
        return result;
    });

    // What no parameter takes goes to the names that the macro asks for, or is an error.
    private static void TakeRest(Macro macro, CallArguments arguments, Scope scope)
    {
        List<object?> positional = arguments.Skip(macro.Parameters.Length).Positional;
        var named = new DictValue();
        foreach ((string name, object? value) in arguments.Named.Where(pair => macro.Parameters.All(parameter => parameter.Name != pair.Key)))
        {
            named.Items[name] = value;
        }

        if (macro.Mentions.Contains("caller"))
        {
            scope.Set("caller", named.Items.TryGetValue("caller", out object? caller) ? caller : new UndefinedValue("no caller is given"));
            named.Items.Remove("caller");
        }

        if ((positional.Count > 0 && !macro.Mentions.Contains("varargs")) || (named.Items.Count > 0 && !macro.Mentions.Contains("kwargs")))
        {
            throw new TemplateError($"the macro \"{macro.Name}\" is given an argument that it does not take");
        }

        scope.Set("varargs", new ListValue(positional, isTuple: true));
        scope.Set("kwargs", named);
    }

    // What the statements write, through the filters.
    private object? Capture(Statement[] body, Scope scope, FilterApplication[] filters) =>
        filters.Aggregate((object?)Written(() => Run(body, scope)), (value, filter) => _evaluator.Filter(filter, value, scope));

    private string Written(Action run)
    {
        StringBuilder outer = _output;
        _output = new StringBuilder();
        run();
        string text = _output.ToString();
        budget.Write(text.Length);
        _output = outer;
        return text;
    }

    private static void Assign(Target target, object? value, Scope scope)
    {
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Name, value);
                break;
            case AttributeTarget attribute:
                NamespaceValue space = scope.TryGet(attribute.Namespace, out object? found) && found is NamespaceValue known
                    ? known
                    : throw new TemplateError($"\"{attribute.Namespace}\" is no namespace");
                space.Attributes[attribute.Attribute] = value;
                break;
            case TupleTarget tuple:
                List<object?> items = TemplateValue.Items(value);
                if (items.Count != tuple.Items.Length)
                {
                    throw new TemplateError($"{tuple.Items.Length} names can't take {items.Count} values");
                }

                for (int i = 0; i < items.Count; i++)
                {
                    Assign(tuple.Items[i], items[i], scope);
                }

                break;
            default:
                throw new InvalidOperationException($"No rule for {target.GetType().Name}.");
        }
    }
}
