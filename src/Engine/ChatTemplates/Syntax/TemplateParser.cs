namespace AdapterServe.Engine.ChatTemplates.Syntax;

/// <summary>Parses a template's statements. <b>Errors</b>: <see cref="ChatTemplateException"/> with the line.</summary>
internal sealed class TemplateParser
{
    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private TemplateParser(List<Token> tokens)
    {
        _tokens = new TokenReader(tokens);
        _expressions = new ExpressionParser(_tokens);
    }

    public static Statement[] Parse(string source)
    {
        var parser = new TemplateParser(TemplateLexer.Read(source));
        Statement[] statements = parser.ParseBody();
        return parser._tokens.Current.Kind == TokenKind.End
            ? statements
            : throw parser._tokens.Error($"\"{parser._tokens.Next.Text}\" closes nothing");
    }

    // Statements up to a block that begins with one of the names, whose own tokens are left.
    private Statement[] ParseBody(params ReadOnlySpan<string> until)
    {
        var body = new List<Statement>();
        while (true)
        {
            Token token = _tokens.Current;
            if (token.Kind == TokenKind.End)
            {
                return until.Length == 0 ? [.. body] : throw _tokens.Error($"a block lacks its \"{until[^1]}\"");
            }

            if (token.Kind == TokenKind.BlockBegin && (until.Contains(_tokens.Next.Text) || _tokens.Next.Text.StartsWith("end", StringComparison.Ordinal)))
            {
                return until.Contains(_tokens.Next.Text) || until.Length == 0 ? [.. body] : throw _tokens.Error($"\"{_tokens.Next.Text}\" closes nothing");
            }

            body.Add(_tokens.Nested(ParseStatement));
        }
    }

    private Statement ParseStatement()
    {
        Token token = _tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Text:
                return new TextStatement(token.Text, token.Line);
            case TokenKind.OutputBegin:
                var output = new OutputStatement(_expressions.ParseTuple(), token.Line);
                _tokens.Expect(TokenKind.OutputEnd, "\"}}\"");
                return output;
            case TokenKind.BlockBegin:
                return ParseBlock(_tokens.Name(), token.Line);
            default:
                throw _tokens.Error($"\"{token.Text}\" is not expected");
        }
    }

    private Statement ParseBlock(string name, int line) => name switch
    {
        "if" => ParseIf(line),
        "for" => ParseFor(line),
        "set" => ParseSet(line),
        "macro" => ParseMacro(line),
        "call" => ParseCall(line),
        "filter" => ParseFilterBlock(line),
        "with" => ParseWith(line),
        "generation" => new BlockStatement(ParseBlockBody("endgeneration"), line),
        "block" => ParseNamedBlock(line),
        "break" or "continue" when _loops > 0 => EndBlock(new LoopControlStatement(name == "break", line)),
        "break" or "continue" => throw _tokens.Error($"\"{name}\" stands outside a loop"),
        _ => throw _tokens.Error($"the statement \"{name}\" is not supported"),
    };

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression, Statement[])>();
        string next;
        do
        {
            Expression test = _expressions.ParseTuple();
            EndBlock();
            branches.Add((test, ParseBody("elif", "else", "endif")));
            next = OpenBlock();
        }
        while (next == "elif");

        Statement[] otherwise = next == "else" ? ParseBlockBody("endif") : EndBlock<Statement[]>([]);
        return new IfStatement([.. branches], otherwise, line);
    }

    private ForStatement ParseFor(int line)
    {
        Target target = ParseTarget();
        _tokens.Expect("in");
        Expression items = _expressions.ParseWithoutCondition();
        Expression? filter = _tokens.TryTake("if") ? _expressions.Parse() : null;
        bool recursive = _tokens.TryTake("recursive");
        EndBlock();
        _loops++;
        Statement[] body = ParseBody("else", "endfor");
        _loops--;
        Statement[] otherwise = OpenBlock() == "else" ? ParseBlockBody("endfor") : EndBlock<Statement[]>([]);
        return new ForStatement(target, items, filter, recursive, body, otherwise, line);
    }

    private Statement ParseSet(int line)
    {
        Target target = ParseTarget();
        if (_tokens.TryTake("="))
        {
            return EndBlock(new SetStatement(target, _expressions.ParseTuple(), line));
        }

        FilterApplication[] filters = _tokens.TryTake("|") ? ParseFilterChain() : [];
        return new SetBlockStatement(target, ParseBlockBody("endset"), filters, line);
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = _tokens.Name();
        return new MacroStatement(ParseFunction(name, ParseParameters(), "endmacro"), line);
    }

    private BlockStatement ParseNamedBlock(int line)
    {
        string name = _tokens.Name();
        EndBlock();
        Statement[] body = ParseBody("endblock");
        OpenBlock();
        _tokens.TryTake(name);
        return EndBlock(new BlockStatement(body, line));
    }

    private CallStatement ParseCall(int line)
    {
        Parameter[] parameters = _tokens.Current.Is("(") ? ParseParameters() : [];
        var call = _expressions.Parse() as Call ?? throw _tokens.Error("a call block needs a call");
        return new CallStatement(call, ParseFunction("caller", parameters, "endcall"), line);
    }

    private FilterStatement ParseFilterBlock(int line)
    {
        FilterApplication[] filters = ParseFilterChain();
        return new FilterStatement(filters, ParseBlockBody("endfilter"), line);
    }

    private WithStatement ParseWith(int line)
    {
        var values = new List<(Target, Expression)>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            Target target = ParseSingleTarget();
            _tokens.Expect("=");
            values.Add((target, _expressions.Parse()));
            if (!_tokens.TryTake(","))
            {
                break;
            }
        }

        return new WithStatement([.. values], ParseBlockBody("endwith"), line);
    }

    private FilterApplication[] ParseFilterChain()
    {
        var filters = new List<FilterApplication>();
        do
        {
            filters.Add(_expressions.ParseFilter(new Literal("")));
        }
        while (_tokens.TryTake("|"));

        return [.. filters];
    }

    private Parameter[] ParseParameters()
    {
        var parameters = new List<Parameter>();
        _tokens.Expect("(");
        while (!_tokens.TryTake(")"))
        {
            parameters.Add(new Parameter(_tokens.Name(), _tokens.TryTake("=") ? _expressions.Parse() : null));
            if (!_tokens.Current.Is(")"))
            {
                _tokens.Expect(",");
            }
        }

        return [.. parameters];
    }

    private Target ParseTarget()
    {
        Target first = ParseSingleTarget();
        if (!_tokens.Current.Is(","))
        {
            return first;
        }

        var items = new List<Target> { first };
        while (_tokens.TryTake(","))
        {
            items.Add(ParseSingleTarget());
        }

        return new TupleTarget([.. items]);
    }

    private Target ParseSingleTarget()
    {
        if (_tokens.TryTake("("))
        {
            Target inner = _tokens.Nested(ParseTarget);
            _tokens.Expect(")");
            return inner;
        }

        string name = _tokens.Name();
        return _tokens.TryTake(".") ? new AttributeTarget(name, _tokens.Name()) : new NameTarget(name);
    }

    // What a macro runs belongs to no loop around it.
    private Macro ParseFunction(string name, Parameter[] parameters, string closing)
    {
        int loops = _loops;
        _loops = 0;
        int start = _tokens.Position;
        Statement[] body = ParseBlockBody(closing);
        _loops = loops;
        string[] special = ["varargs", "kwargs", "caller"];
        return new Macro(name, parameters, body, [.. special.Where(word => _tokens.Mentions(word, start))]);
    }

    // The rest of a block's tag, its body, and the tag that closes it.
    private Statement[] ParseBlockBody(string closing)
    {
        EndBlock();
        Statement[] body = ParseBody(closing);
        OpenBlock();
        EndBlock();
        return body;
    }

    private string OpenBlock()
    {
        _tokens.Expect(TokenKind.BlockBegin, "\"{%\"");
        return _tokens.Name();
    }

    private void EndBlock() => _tokens.Expect(TokenKind.BlockEnd, "\"%}\"");

    private T EndBlock<T>(T result)
    {
        EndBlock();
        return result;
    }
}
