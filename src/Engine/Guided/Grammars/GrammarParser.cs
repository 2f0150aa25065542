using System.Globalization;
using System.Text;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// Grammars as GBNF and as Lark write them, in what they have in common. <b>Semantics</b>: <c>name ::= …</c> or <c>name: …</c>, one rule called <c>root</c> or <c>start</c>;
/// <c>"text"</c>, <c>[class]</c>, <c>/expression/</c>, names, groups, <c>|</c>, <c>* + ?</c> and <c>{m,n}</c>; comments from <c>#</c> or <c>//</c> to the line's end.
/// Nothing is read between the parts but what the rules say. <b>Errors</b>: <see cref="GuideException"/>.
/// </summary>
internal sealed class GrammarParser
{
    private const int MaxDepth = 64;
    private readonly string _text;
    private readonly ByteGraphBuilder _builder;
    private readonly Dictionary<string, int> _rules = new(StringComparer.Ordinal);
    private readonly HashSet<string> _defined = new(StringComparer.Ordinal);
    private int _at;
    private int _depth;

    private GrammarParser(string text, ByteGraphBuilder builder) => (_text, _builder) = (text, builder);

    public static void Emit(string text, ByteGraphBuilder builder, int root) => new GrammarParser(text, builder).Emit(root);

    private bool AtEnd => _at == _text.Length;

    private char Current => AtEnd ? '\0' : _text[_at];

    private void Emit(int root)
    {
        for (Skip(); !AtEnd; Skip())
        {
            Definition();
        }

        if (_rules.Keys.FirstOrDefault(name => !_defined.Contains(name)) is { } unknown)
        {
            throw new GuideException($"The grammar has no rule '{unknown}'.");
        }

        var start = _defined.Contains("root") ? "root" : "start";
        if (!_defined.Contains(start))
        {
            throw new GuideException("The grammar has no rule 'root' or 'start'.");
        }

        _builder.Call(_builder.StartOf(root), _rules[start], _builder.EndOf(root));
    }

    private void Definition()
    {
        if (Current == '%')
        {
            throw Refused("directives such as %import and %ignore are not supported");
        }

        // Lark's marks of inlined rules change trees, not texts.
        if (Current is '?' or '!')
        {
            _at++;
        }

        var name = Name();
        Skip();
        if (!Take("::=") && !Take(":"))
        {
            throw Refused($"'::=' or ':' must follow the rule's name '{name}'");
        }

        if (!_defined.Add(name))
        {
            throw Refused($"the rule '{name}' is defined twice");
        }

        var rule = RuleOf(name);
        _builder.Emit(Alternatives(), _builder.StartOf(rule), _builder.EndOf(rule));
    }

    private GrammarExpression.Any Alternatives()
    {
        if (++_depth > MaxDepth)
        {
            throw Refused($"groups are nested deeper than {MaxDepth}");
        }

        var branches = new List<GrammarExpression>();
        do
        {
            branches.Add(Sequence());
            Skip();
        }
        while (Take("|"));

        _depth--;
        return new GrammarExpression.Any([.. branches]);
    }

    private GrammarExpression.All Sequence()
    {
        var parts = new List<GrammarExpression>();
        for (Skip(); !AtEnd && Current is not ('|' or ')' or ']' or '%') && !BeginsDefinition(); Skip())
        {
            parts.Add(Quantified(Atom()));
        }

        return new GrammarExpression.All([.. parts]);
    }

    /// <summary>Whether a name stands here that a definition gives, not one that is used.</summary>
    private bool BeginsDefinition()
    {
        var start = _at;
        if (Current is '?' or '!')
        {
            _at++;
        }

        var isName = IsNameStart(Current);
        while (IsNamePart(Current))
        {
            _at++;
        }

        Skip();
        var begins = isName && (Current == ':' || (Current == '.' && _at > start));
        _at = start;
        return begins;
    }

    private GrammarExpression Atom()
    {
        switch (Current)
        {
            case '"' or '\'':
                return Literal();
            case '[':
                return RegexParser.ParseWhole(Delimited(']', keep: true));
            case '/':
                return RegexParser.ParseWhole(Delimited('/', keep: false));
            case '(':
                _at++;
                var inner = Alternatives();
                return Take(")") ? inner : throw Refused("a group is not closed");
            case '.':
                _at++;
                return new GrammarExpression.One(CharacterSet.AnyButLineEnds.Sure);
            default:
                return new GrammarExpression.Rule(RuleOf(Name()));
        }
    }

    private GrammarExpression Quantified(GrammarExpression atom)
    {
        switch (Current)
        {
            case '*':
                _at++;
                return new GrammarExpression.Repeat(atom, 0, null);
            case '+':
                _at++;
                return new GrammarExpression.Repeat(atom, 1, null);
            case '?':
                _at++;
                return new GrammarExpression.Repeat(atom, 0, 1);
            case '{':
                var (min, max) = Counts();
                return new GrammarExpression.Repeat(atom, min, max);
            default:
                return atom;
        }
    }

    private (int Min, int? Max) Counts()
    {
        var close = _text.IndexOf('}', _at);
        var parts = close < 0 ? [] : _text[(_at + 1)..close].Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length is not (1 or 2) || !IsCount(parts[0], out var min) || (parts is [_, { Length: > 0 } last] && !IsCount(last, out _)))
        {
            throw Refused($"a repetition is {{m}}, {{m,}} or {{m,n}} with at most {RegexParser.MaxRepeat}");
        }

        _at = close + 1;
        int? max = parts.Length == 1 ? min : parts[1].Length == 0 ? null : int.Parse(parts[1], CultureInfo.InvariantCulture);
        return max >= min || max is null ? (min, max) : throw Refused("a repetition's bounds are the wrong way round");
    }

    private static bool IsCount(string text, out int count) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count <= RegexParser.MaxRepeat;

    private GrammarExpression Literal()
    {
        var quote = Current;
        _at++;
        var text = new StringBuilder();
        while (Current != quote)
        {
            if (AtEnd || Current == '\n')
            {
                throw Refused("a text is not closed");
            }

            text.Append(Current == '\\' ? Escape() : _text[_at++].ToString());
        }

        _at++;
        if (Current == 'i' && !IsNamePart(_at + 1 < _text.Length ? _text[_at + 1] : ' '))
        {
            throw Refused("texts whose case does not count are not supported");
        }

        return GrammarExpression.Literal(text.ToString());
    }

    private string Escape()
    {
        _at++;
        var name = Current;
        _at = Math.Min(_at + 1, _text.Length);
        return name switch
        {
            'n' => "\n",
            'r' => "\r",
            't' => "\t",
            'x' => Hexadecimal(2),
            'u' => Hexadecimal(4),
            'U' => Hexadecimal(8),
            _ when char.IsAsciiLetterOrDigit(name) || name == '\0' => throw Refused($"the escape '\\{name}' is not supported"),
            _ => name.ToString(),
        };
    }

    private string Hexadecimal(int digits)
    {
        if (_at + digits > _text.Length
            || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point) || !Rune.IsValid(point))
        {
            throw Refused($"an escape needs {digits} hexadecimal digits of a character");
        }

        _at += digits;
        return new Rune(point).ToString();
    }

    /// <summary>A class or an expression up to its end, which a backslash takes its meaning from.</summary>
    private string Delimited(char end, bool keep)
    {
        var start = _at;
        for (_at++; Current != end; _at++)
        {
            _at += Current == '\\' ? 1 : 0;
            if (_at >= _text.Length || Current == '\n')
            {
                _at = start;
                throw Refused("a class or an expression is not closed");
            }
        }

        _at++;
        if (!keep && char.IsAsciiLetter(Current))
        {
            throw Refused("flags of expressions are not supported");
        }

        return keep ? _text[start.._at] : _text[(start + 1)..(_at - 1)];
    }

    private string Name()
    {
        var start = _at;
        while (IsNamePart(Current))
        {
            _at++;
        }

        return _at > start && IsNameStart(_text[start]) ? _text[start.._at] : throw Refused("a rule's name is expected");
    }

    private static bool IsNameStart(char character) => char.IsAsciiLetter(character) || character == '_';

    private static bool IsNamePart(char character) => char.IsAsciiLetterOrDigit(character) || character is '_' or '-';

    private int RuleOf(string name)
    {
        if (!_rules.TryGetValue(name, out var rule))
        {
            _rules.Add(name, rule = _builder.NewRule());
        }

        return rule;
    }

    private void Skip()
    {
        while (!AtEnd)
        {
            if (Current == '#' || (Current == '/' && _at + 1 < _text.Length && _text[_at + 1] == '/'))
            {
                var end = _text.IndexOf('\n', _at);
                _at = end < 0 ? _text.Length : end;
            }
            else if (char.IsWhiteSpace(Current))
            {
                _at++;
            }
            else
            {
                return;
            }
        }
    }

    private bool Take(string wanted)
    {
        if (!_text.AsSpan(_at).StartsWith(wanted, StringComparison.Ordinal))
        {
            return false;
        }

        _at += wanted.Length;
        return true;
    }

    private GuideException Refused(string reason) => new($"The grammar can't be used: {reason} (at character {_at}).");
}
