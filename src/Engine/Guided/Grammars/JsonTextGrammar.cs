using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// The rules of JSON texts (RFC 8259) that schemas are made of. What is written is a part of what the standard allows: numbers of a size that every reader takes, at most one
/// space or one line break with indentation between the parts, no half of a surrogate pair.
/// </summary>
internal sealed class JsonTextGrammar(ByteGraphBuilder builder)
{
    /// <summary>Counted repetitions are laid out; texts of more than this are longer than contexts are.</summary>
    public const int MostCounted = 16_384;

    private const int MostIndentation = 32;
    private static readonly CodePointSet Plain = CodePointSet.Of('"', '\\').Union(CodePointSet.Range(0, 0x1F)).Complement();
    private static readonly (char Point, string Text)[] ShortEscapes =
        [('"', "\\\""), ('\\', "\\\\"), ('\b', "\\b"), ('\f', "\\f"), ('\n', "\\n"), ('\r', "\\r"), ('\t', "\\t")];

    private int? _space;
    private int? _character;
    private int? _value;
    private int? _object;

    public const string Integer = "-?(0|[1-9][0-9]{0,14})";
    public const string Number = Integer + "(\\.[0-9]{1,15})?([eE][+\\-]?[0-9]{1,2})?";

    /// <summary>What may stand between the parts.</summary>
    public int Space => _space ??= NewRule((from, to) =>
    {
        var line = builder.NewNode();
        builder.Skip(from, to);
        builder.Text(from, " ", to);
        builder.Text(from, "\n", line);
        builder.Repeat(0, MostIndentation, (start, end) => builder.Text(start, " ", end), line, to);
    });

    /// <summary>Any value.</summary>
    public int Value
    {
        get
        {
            if (_value is not { } rule)
            {
                rule = builder.NewRule();
                _value = rule;
                var (from, to) = (builder.StartOf(rule), builder.EndOf(rule));
                builder.Call(from, Object, to);
                Array(from, to, rule, 0, null);
                String(from, to, 0, null);
                Expression(Number, from, to);
                builder.Text(from, "true", to);
                builder.Text(from, "false", to);
                builder.Text(from, "null", to);
            }

            return rule;
        }
    }

    /// <summary>Any object.</summary>
    public int Object
    {
        get
        {
            if (_object is not { } rule)
            {
                rule = builder.NewRule();
                _object = rule;
                Map(builder.StartOf(rule), builder.EndOf(rule), Value, 0, null);
            }

            return rule;
        }
    }

    /// <summary>One character of a string, however it is written.</summary>
    private int Character => _character ??= NewRule((from, to) =>
    {
        builder.Emit(new GrammarExpression.One(Plain), from, to);
        foreach (var (_, text) in ShortEscapes)
        {
            builder.Text(from, text, to);
        }

        builder.Text(from, "\\/", to);
        Expression("\\\\u([0-9a-cA-Ce-fE-F][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2})", from, to);
    });

    public int NewRule(Action<int, int> emit)
    {
        var rule = builder.NewRule();
        emit(builder.StartOf(rule), builder.EndOf(rule));
        return rule;
    }

    public void Expression(string expression, int from, int to) => builder.Emit(RegexParser.ParseWhole(expression), from, to);

    /// <summary>A string of so many characters.</summary>
    public void String(int from, int to, int min, int? max)
    {
        var (start, end) = (builder.NewNode(), builder.NewNode());
        builder.Text(from, "\"", start);
        builder.Repeat(min, max, (before, after) => builder.Call(before, Character, after), start, end);
        builder.Text(end, "\"", to);
    }

    /// <summary>A string whose content is what the expression says.</summary>
    public void StringOf(GrammarExpression content, int from, int to)
    {
        var (start, end) = (builder.NewNode(), builder.NewNode());
        builder.Text(from, "\"", start);
        builder.Emit(Escaped(content), start, end);
        builder.Text(end, "\"", to);
    }

    /// <summary>A list of so many of one kind.</summary>
    public void Array(int from, int to, int item, int min, int? max) => Listed(from, to, '[', ']', (start, end) => builder.Call(start, item, end), min, max);

    /// <summary>An object of so many members with any names.</summary>
    public void Map(int from, int to, int value, int min, int? max) => Listed(
        from,
        to,
        '{',
        '}',
        (start, end) =>
        {
            var (colon, before) = (builder.NewNode(), builder.NewNode());
            String(start, colon, 0, null);
            builder.Text(colon, ":", before);
            builder.Call(Spaced(before), value, end);
        },
        min,
        max);

    /// <summary>The node behind what may stand between two parts.</summary>
    public int Spaced(int from)
    {
        var next = builder.NewNode();
        builder.Call(from, Space, next);
        return next;
    }

    private void Listed(int from, int to, char open, char close, Action<int, int> item, int min, int? max)
    {
        var (opened, last) = (builder.NewNode(), builder.NewNode());
        builder.Text(from, open.ToString(), opened);
        var first = Spaced(opened);
        var rule = NewRule(item);
        if (min == 0)
        {
            builder.Text(first, close.ToString(), to);
        }

        if (max != 0)
        {
            var more = builder.NewNode();
            builder.Call(first, rule, more);
            builder.Repeat(Math.Max(min - 1, 0), max - 1, (start, end) => builder.Call(CommaSpace(start), rule, end), more, last);
            builder.Text(Spaced(last), close.ToString(), to);
        }
    }

    private int CommaSpace(int from)
    {
        var next = builder.NewNode();
        builder.Text(from, ",", next);
        return Spaced(next);
    }

    /// <summary>Each character as JSON writes it within a string, in one way.</summary>
    private static GrammarExpression Escaped(GrammarExpression content) => content switch
    {
        GrammarExpression.One one => new GrammarExpression.Any([new GrammarExpression.One(one.Points.Intersect(Plain)), .. Escapes(one.Points)]),
        GrammarExpression.All all => new GrammarExpression.All([.. all.Parts.Select(Escaped)]),
        GrammarExpression.Any any => new GrammarExpression.Any([.. any.Parts.Select(Escaped)]),
        GrammarExpression.Repeat repeat => repeat with { Part = Escaped(repeat.Part) },
        _ => content,
    };

    private static IEnumerable<GrammarExpression> Escapes(CodePointSet points)
    {
        var shorts = ShortEscapes.Where(escape => points.Contains(escape.Point)).Select(escape => escape.Text);
        var longs = Enumerable.Range(0, 0x20).Where(point => points.Contains(point) && System.Array.TrueForAll(ShortEscapes, escape => escape.Point != point));
        return shorts.Concat(longs.Select(point => $"\\u{point:x4}")).Select(GrammarExpression.Literal);
    }
}
