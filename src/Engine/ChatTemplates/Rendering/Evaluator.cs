using AdapterServe.Engine.ChatTemplates.Syntax;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Evaluates expressions. One for each rendering.</summary>
internal sealed class Evaluator(Budget budget)
{
    public Budget Budget => budget;

    public object? Evaluate(Expression expression, Scope scope) => Plain(EvaluateMarkup(expression, scope));

    private static object? Plain(object? value) => value is MarkupText markup ? markup.Text : value;

    private object? EvaluateMarkup(Expression expression, Scope scope)
    {
        budget.Enter();
        object? value = expression switch
        {
            Literal literal => literal.Value,
            NameReference name => scope.TryGet(name.Name, out object? found) ? found : new UndefinedValue($"'{name.Name}' is undefined"),
            AttributeAccess access => Access.Attribute(Evaluate(access.Target, scope), access.Name, budget),
            ItemAccess access => Access.Item(Evaluate(access.Target, scope), Evaluate(access.Key, scope), budget),
            SliceAccess slice => Slice(slice, scope),
            Call call => Invoke(Evaluate(call.Target, scope), Evaluate(call.Arguments, scope)),
            FilterApplication filter => FilterMarkup(filter, EvaluateMarkup(filter.Target, scope), scope),
            TestApplication test => Test(test, scope),
            Unary unary => Unary(unary, scope),
            Binary binary => Binary(binary, scope),
            Comparison comparison => Compare(comparison, scope),
            Conditional choice => Choose(choice, scope),
            ListLiteral list => new ListValue([.. list.Items.Select(item => Evaluate(item, scope))], list.IsTuple),
            DictLiteral dict => Dict(dict, scope),
            _ => throw new InvalidOperationException($"No rule for {expression.GetType().Name}."),
        };
        if (value is ContainerValue container)
        {
            budget.Admit(container);
        }

        budget.Leave();
        return value;
    }

    public CallArguments Evaluate(Arguments arguments, Scope scope)
    {
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach ((string name, Expression value) in arguments.Named)
        {
            named[name] = Evaluate(value, scope);
        }

        List<object?> positional = [.. arguments.Positional.Select(argument => Evaluate(argument, scope))];
        if (arguments.MorePositional is { } list)
        {
            positional.AddRange(TemplateValue.Items(Evaluate(list, scope)));
        }

        if (arguments.MoreNamed is { } mapping)
        {
            foreach ((object key, object? value) in (Evaluate(mapping, scope) as DictValue ?? throw new TemplateError("\"**\" needs a mapping")).Items)
            {
                named[key as string ?? throw new TemplateError("the names of arguments must be strings")] = value;
            }
        }

        return new CallArguments(positional, named);
    }

    public static object? Invoke(object? target, CallArguments arguments) => target switch
    {
        FunctionValue function => function.Invoke(arguments),
        LoopValue loop => loop.Recurse(arguments),
        _ => throw new TemplateError($"{TemplateValue.TypeName(target)} can't be called"),
    };

    public object? Filter(FilterApplication filter, object? value, Scope scope) => ApplyFilter(filter.Name, value, Evaluate(filter.Arguments, scope));

    public object? ApplyFilter(string name, object? value, CallArguments arguments)
    {
        budget.Step();
        return Plain(Filters.Find(name)(this, value, arguments));
    }

    // Escaping twice is escaping once.
    private object? FilterMarkup(FilterApplication filter, object? value, Scope scope)
    {
        budget.Step();
        CallArguments arguments = Evaluate(filter.Arguments, scope);
        return (value, filter.Name) is (MarkupText, "safe" or "escape" or "e") ? value : Filters.Find(filter.Name)(this, Plain(value), arguments);
    }

    public bool ApplyTest(string name, object? value, CallArguments arguments)
    {
        budget.Step(ContainerValue.WeightOf(value) + arguments.Weight);
        return Tests.Find(name)(value, arguments);
    }

    /// <summary>Text as output shows it, counted.</summary>
    public string ToText(object? value)
    {
        string text = ValueWriter.ToText(value, count => budget.Write(count));
        budget.Write(text.Length);
        return text;
    }

    private bool Test(TestApplication test, Scope scope) =>
        ApplyTest(test.Name, Evaluate(test.Target, scope), Evaluate(test.Arguments, scope)) != test.Negated;

    private object? Unary(Unary unary, Scope scope)
    {
        object? value = Evaluate(unary.Operand, scope);
        return unary.Operator == "not" ? !TemplateValue.IsTrue(value) : Arithmetic.Sign(unary.Operator, value);
    }

    private object? Binary(Binary binary, Scope scope)
    {
        object? left = EvaluateMarkup(binary.Left, scope);
        if (binary.Operator == "+")
        {
            return Add(left, EvaluateMarkup(binary.Right, scope));
        }

        left = Plain(left);
        switch (binary.Operator)
        {
            case "and":
                return TemplateValue.IsTrue(left) ? Evaluate(binary.Right, scope) : left;
            case "or":
                return TemplateValue.IsTrue(left) ? left : Evaluate(binary.Right, scope);
            case "~":
                return ToText(left) + ToText(Evaluate(binary.Right, scope));
            default:
                return Arithmetic.Apply(binary.Operator, left, Evaluate(binary.Right, scope), budget);
        }
    }

    private object Add(object? left, object? right)
    {
        bool isMarkup = (left is MarkupText && right is MarkupText or string) || (right is MarkupText && left is string);
        object sum = Arithmetic.Apply("+", isMarkup ? Escaped(left) : Plain(left), isMarkup ? Escaped(right) : Plain(right), budget);
        return isMarkup ? new MarkupText((string)sum) : sum;
    }

    private string Escaped(object? value) => value is MarkupText markup ? markup.Text : Filters.Escape((string)value!, budget);

    private bool Compare(Comparison comparison, Scope scope)
    {
        object? left = Evaluate(comparison.First, scope);
        foreach ((string @operator, Expression next) in comparison.Links)
        {
            object? right = Evaluate(next, scope);
            budget.Step(ContainerValue.WeightOf(left) + ContainerValue.WeightOf(right));
            bool holds = @operator switch
            {
                "==" => TemplateValue.AreEqual(left, right),
                "!=" => !TemplateValue.AreEqual(left, right),
                "in" => TemplateValue.Contains(right, left),
                "not in" => !TemplateValue.Contains(right, left),
                "<" => TemplateValue.Compare(left, right) < 0,
                "<=" => TemplateValue.Compare(left, right) <= 0,
                ">" => TemplateValue.Compare(left, right) > 0,
                _ => TemplateValue.Compare(left, right) >= 0,
            };
            if (!holds)
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private object? Choose(Conditional choice, Scope scope)
    {
        if (TemplateValue.IsTrue(Evaluate(choice.Test, scope)))
        {
            return Evaluate(choice.WhenTrue, scope);
        }

        return choice.WhenFalse is null ? new UndefinedValue("the condition is false and has no else") : Evaluate(choice.WhenFalse, scope);
    }

    private object Slice(SliceAccess slice, Scope scope)
    {
        object? target = Evaluate(slice.Target, scope);
        return Access.Slice(target, Bound(slice.Start, scope), Bound(slice.Stop, scope), Bound(slice.Step, scope), budget);
    }

    private long? Bound(Expression? bound, Scope scope) =>
        bound is null || Evaluate(bound, scope) is not { } value ? null : TemplateValue.ToInteger(value, "a slice's bound");

    private DictValue Dict(DictLiteral literal, Scope scope)
    {
        var dict = new DictValue();
        foreach ((Expression key, Expression value) in literal.Items)
        {
            dict.Items[Evaluate(key, scope) ?? throw new TemplateError("none can't be a key")] = Evaluate(value, scope);
        }

        return dict;
    }
}
