using System.Globalization;

namespace AdapterServe.Engine.ChatTemplates.Syntax;

/// <summary>Recursive descent over expressions, loosest binding first, as Jinja binds them.</summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    public Expression Parse() => tokens.Nested(ParseConditional);

    /// <summary>An expression, or a tuple without parentheses.</summary>
    public Expression ParseTuple()
    {
        Expression first = Parse();
        if (!tokens.Current.Is(","))
        {
            return first;
        }

        var items = new List<Expression> { first };
        while (tokens.TryTake(",") && tokens.Current.Kind is not (TokenKind.BlockEnd or TokenKind.OutputEnd) && !tokens.Current.Is(")"))
        {
            items.Add(Parse());
        }

        return new ListLiteral([.. items], IsTuple: true);
    }

    /// <summary>What a loop runs over: without the trailing <c>if</c>, which is the loop's own.</summary>
    public Expression ParseWithoutCondition() => tokens.Nested(ParseOr);

    public Arguments ParseArguments()
    {
        tokens.Expect("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? moreNamed = null;
        Expression? morePositional = null;
        while (!tokens.TryTake(")"))
        {
            if (tokens.TryTake("**"))
            {
                moreNamed = Parse();
            }
            else if (tokens.TryTake("*"))
            {
                morePositional = Parse();
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Next.Is("="))
            {
                string name = tokens.Name();
                tokens.Take();
                named.Add((name, Parse()));
            }
            else
            {
                positional.Add(Parse());
            }

            if (!tokens.Current.Is(")"))
            {
                tokens.Expect(",");
            }
        }

        return new Arguments([.. positional], [.. named], morePositional, moreNamed);
    }

    /// <summary>A filter's name and arguments, applied to <paramref name="target"/>.</summary>
    public FilterApplication ParseFilter(Expression target)
    {
        string name = tokens.Name();
        return new FilterApplication(target, name, tokens.Current.Is("(") ? ParseArguments() : Arguments.None);
    }

    private Expression ParseConditional()
    {
        Expression value = ParseOr();
        while (tokens.TryTake("if"))
        {
            Expression test = ParseOr();
            value = new Conditional(test, value, tokens.TryTake("else") ? Parse() : null);
        }

        return value;
    }

    private Expression ParseOr() => ParseLeft(ParseAnd, "or");

    private Expression ParseAnd() => ParseLeft(ParseNot, "and");

    private Expression ParseNot() => tokens.TryTake("not") ? new Unary("not", tokens.Nested(ParseNot)) : ParseComparison();

    private Expression ParseComparison()
    {
        Expression first = ParseLeft(ParseConcatenation, "+", "-");
        var links = new List<(string, Expression)>();
        while (ComparisonOperator() is { } found)
        {
            links.Add((found, ParseLeft(ParseConcatenation, "+", "-")));
        }

        return links.Count == 0 ? first : new Comparison(first, [.. links]);
    }

    private string? ComparisonOperator()
    {
        if (tokens.Current.Is("not") && tokens.Next.Is("in"))
        {
            tokens.Take();
            tokens.Take();
            return "not in";
        }

        bool found = tokens.Current.Kind is TokenKind.Operator or TokenKind.Name && tokens.Current.Text is "==" or "!=" or "<" or "<=" or ">" or ">=" or "in";
        return found ? tokens.Take().Text : null;
    }

    private Expression ParseConcatenation() => ParseLeft(ParseProduct, "~");

    private Expression ParseProduct() => ParseLeft(ParsePower, "*", "/", "//", "%");

    private Expression ParsePower() => ParseLeft(() => ParseUnary(withFilters: true), "**");

    private Expression ParseLeft(Func<Expression> operand, params ReadOnlySpan<string> operators)
    {
        Expression left = operand();
        while (tokens.Current.Kind is TokenKind.Operator or TokenKind.Name && operators.Contains(tokens.Current.Text))
        {
            left = new Binary(tokens.Take().Text, left, operand());
        }

        return left;
    }

    private Expression ParseUnary(bool withFilters)
    {
        Expression value = tokens.Current.Is("-") || tokens.Current.Is("+")
            ? new Unary(tokens.Take().Text, tokens.Nested(() => ParseUnary(withFilters: false)))
            : ParsePostfix(ParsePrimary());
        return withFilters ? ParseFilters(value) : value;
    }

    private Expression ParseFilters(Expression value)
    {
        while (true)
        {
            if (tokens.TryTake("|"))
            {
                value = ParsePostfix(ParseFilter(value));
            }
            else if (tokens.TryTake("is"))
            {
                value = ParseTest(value);
            }
            else
            {
                return value;
            }
        }
    }

    private TestApplication ParseTest(Expression value)
    {
        bool negated = tokens.TryTake("not");
        string name = tokens.Name();
        Arguments arguments = Arguments.None;
        if (tokens.Current.Is("("))
        {
            arguments = ParseArguments();
        }
        else if (StartsOperand(tokens.Current))
        {
            arguments = new Arguments([ParsePostfix(ParsePrimary())], []);
        }

        return new TestApplication(value, name, arguments, negated);
    }

    private static bool StartsOperand(Token token) => token.Kind switch
    {
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Name => token.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not"),
        _ => token.Is("[") || token.Is("{"),
    };

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            if (tokens.TryTake("."))
            {
                value = tokens.Current.Kind == TokenKind.Integer
                    ? new ItemAccess(value, ParsePrimary())
                    : new AttributeAccess(value, tokens.Name());
            }
            else if (tokens.TryTake("["))
            {
                value = tokens.Nested(() => ParseSubscript(value));
            }
            else if (tokens.Current.Is("("))
            {
                value = new Call(value, tokens.Nested(ParseArguments));
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ParseSubscript(Expression target)
    {
        Expression? start = tokens.Current.Is(":") ? null : Parse();
        if (start is not null && tokens.TryTake("]"))
        {
            return new ItemAccess(target, start);
        }

        tokens.Expect(":");
        Expression? stop = tokens.Current.Is(":") || tokens.Current.Is("]") ? null : Parse();
        Expression? step = tokens.TryTake(":") && !tokens.Current.Is("]") ? Parse() : null;
        tokens.Expect("]");
        return new SliceAccess(target, start, stop, step);
    }

    private Expression ParsePrimary()
    {
        Token token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return ParseName(token.Text);
            case TokenKind.Integer:
                return TryInteger(token.Text, out long integer) ? new Literal(integer) : throw tokens.Error("an integer is too large");
            case TokenKind.Float:
                return new Literal(double.Parse(token.Text, CultureInfo.InvariantCulture));
            case TokenKind.String:
                string text = token.Text;
                while (tokens.Current.Kind == TokenKind.String)
                {
                    text += tokens.Take().Text;
                }

                return new Literal(text);
            case TokenKind.Operator when token.Text is "(" or "[" or "{":
                return tokens.Nested(() => ParseBracket(token.Text));
            default:
                throw tokens.Error($"an expression is expected instead of \"{token.Text}\"");
        }
    }

    private static bool TryInteger(string text, out long value) => text is ['0', 'x' or 'X', ..]
        ? long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
        : long.TryParse(text, CultureInfo.InvariantCulture, out value);

    private static Expression ParseName(string name) => name switch
    {
        "true" or "True" => new Literal(true),
        "false" or "False" => new Literal(false),
        "none" or "None" => new Literal(null),
        _ => new NameReference(name),
    };

    private Expression ParseBracket(string open)
    {
        if (open == "{")
        {
            return ParseDict();
        }

        string close = open == "(" ? ")" : "]";
        var items = new List<Expression>();
        bool comma = false;
        while (!tokens.TryTake(close))
        {
            items.Add(Parse());
            if (!tokens.Current.Is(close))
            {
                tokens.Expect(",");
                comma = true;
            }
        }

        return open == "(" && items.Count == 1 && !comma ? items[0] : new ListLiteral([.. items], IsTuple: open == "(");
    }

    private DictLiteral ParseDict()
    {
        var items = new List<(Expression, Expression)>();
        while (!tokens.TryTake("}"))
        {
            Expression key = Parse();
            tokens.Expect(":");
            items.Add((key, Parse()));
            if (!tokens.Current.Is("}"))
            {
                tokens.Expect(",");
            }
        }

        return new DictLiteral([.. items]);
    }
}
