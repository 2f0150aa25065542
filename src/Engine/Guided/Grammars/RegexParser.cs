using System.Globalization;
using System.Text;
using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// Regular expressions in what ECMAScript, Python and .NET have in common: literals, classes, groups, alternatives, quantifiers (lazy ones mean the same here),
/// <c>^</c> and <c>$</c> at the ends. <b>Errors</b>: <see cref="GuideException"/> for look-around, back references, <c>\b</c>, flags, and what is no expression.
/// </summary>
internal sealed class RegexParser
{
    public const int MaxRepeat = 16_384;
    private const int MaxDepth = 64;
    private readonly string _text;
    private int _at;
    private int _depth;

    private RegexParser(string text) => _text = text;

    /// <summary>What the whole text must be.</summary>
    public static GrammarExpression ParseWhole(string text) => new RegexParser(text).Whole(isSearch: false);

    /// <summary>What must occur somewhere in the text, as JSON Schema reads its patterns.</summary>
    public static GrammarExpression ParseSearch(string text) => new RegexParser(text).Whole(isSearch: true);

    private bool AtEnd => _at == _text.Length;

    private char Current => _text[_at];

    private GrammarExpression.Any Whole(bool isSearch)
    {
        var branches = new List<GrammarExpression>();
        do
        {
            var begins = Take('^');
            var body = Sequence(top: true);
            var ends = Take('$');
            if (!AtEnd && Current != '|')
            {
                throw Refused(Current == ')' ? "it has a ')' too many" : "'$' stands before its end");
            }

            branches.Add(isSearch ? new GrammarExpression.All([.. begins ? [] : Anything(), body, .. ends ? [] : Anything()]) : body);
        }
        while (Take('|'));

        return new GrammarExpression.Any([.. branches]);
    }

    private static GrammarExpression[] Anything() => [new GrammarExpression.Repeat(new GrammarExpression.One(CodePointSet.All), 0, null)];

    private GrammarExpression.Any Alternatives()
    {
        if (++_depth > MaxDepth)
        {
            throw Refused($"its groups are nested deeper than {MaxDepth}");
        }

        var branches = new List<GrammarExpression> { Sequence(top: false) };
        while (Take('|'))
        {
            branches.Add(Sequence(top: false));
        }

        _depth--;
        return new GrammarExpression.Any([.. branches]);
    }

    private GrammarExpression Sequence(bool top)
    {
        var parts = new List<GrammarExpression>();
        while (!AtEnd && Current is not ('|' or ')') && !(top && Current == '$' && (_at + 1 == _text.Length || _text[_at + 1] == '|')))
        {
            parts.Add(Quantified(Atom()));
        }

        return parts.Count == 1 ? parts[0] : new GrammarExpression.All([.. parts]);
    }

    private GrammarExpression Quantified(GrammarExpression atom)
    {
        if (AtEnd || Quantifier() is not var (min, max))
        {
            return atom;
        }

        if (!AtEnd && Current == '+')
        {
            throw Refused("possessive quantifiers are not supported");
        }

        Take('?');
        if (!AtEnd && (Current is '*' or '+' or '?' || (Current == '{' && Counts(_at) is not null)))
        {
            throw Refused("it repeats a repetition; put a group around it");
        }

        return new GrammarExpression.Repeat(atom, min, max);
    }

    private (int Min, int? Max)? Quantifier()
    {
        switch (Current)
        {
            case '*':
                _at++;
                return (0, null);
            case '+':
                _at++;
                return (1, null);
            case '?':
                _at++;
                return (0, 1);
            case '{' when Counts(_at) is var (min, max, end):
                _at = end;
                if (min > MaxRepeat || max > MaxRepeat || max < min)
                {
                    throw Refused(max < min ? "a repetition's bounds are the wrong way round" : $"it repeats something more than {MaxRepeat} times");
                }

                return (min, max);
            default:
                return null;
        }
    }

    /// <summary>The counts of <c>{m}</c>, <c>{m,}</c> or <c>{m,n}</c>; any other brace is a character.</summary>
    private (int Min, int? Max, int End)? Counts(int at)
    {
        var close = _text.IndexOf('}', at);
        if (close < 0)
        {
            return null;
        }

        var inner = _text[(at + 1)..close].Split(',');
        var isCount = inner.Length is 1 or 2 && inner[0].Length is > 0 and < 9 && inner[^1].Length < 9 && inner.All(number => number.All(char.IsAsciiDigit));
        if (!isCount)
        {
            return null;
        }

        var min = int.Parse(inner[0], CultureInfo.InvariantCulture);
        return (min, inner.Length == 1 ? min : inner[1].Length == 0 ? null : int.Parse(inner[1], CultureInfo.InvariantCulture), close + 1);
    }

    private GrammarExpression Atom()
    {
        switch (Current)
        {
            case '(':
                return Group();
            case '[':
                _at++;
                return new GrammarExpression.One(Class());
            case '.':
                _at++;
                return new GrammarExpression.One(CharacterSet.AnyButLineEnds.Sure);
            case '\\':
                return new GrammarExpression.One(Escape(inClass: false).Sure);
            case '*' or '+' or '?':
                throw Refused($"nothing stands before '{Current}'");
            case '^' or '$':
                throw Refused($"'{Current}' is supported at its ends only");
            default:
                return new GrammarExpression.One(CodePointSet.Of(Point()));
        }
    }

    private GrammarExpression.Any Group()
    {
        _at++;
        if (Take('?') && !Take(':'))
        {
            // (?<name>…) and (?P<name>…) are groups, (?<=…) and the like are none.
            var name = _text.IndexOf('>', _at);
            var start = !AtEnd && Current == 'P' ? _at + 1 : _at;
            if (name < 0 || start >= _text.Length || _text[start] != '<' || !_text[(start + 1)..name].All(character => char.IsAsciiLetterOrDigit(character) || character == '_'))
            {
                throw Refused("look-around, flags and conditions, '(?…', are not supported");
            }

            _at = name + 1;
        }

        var inner = Alternatives();
        return Take(')') ? inner : throw Refused("a group is not closed");
    }

    private CodePointSet Class()
    {
        var negated = Take('^');
        var set = CharacterSet.Empty;
        // A bracket right at the start is a character to Python and nothing at all to ECMAScript.
        if (!AtEnd && Current == ']')
        {
            throw Refused("']' stands first in a class; write '\\]'");
        }

        while (!Take(']'))
        {
            set = set.Union(ClassItem());
        }

        return (negated ? set.Negate() : set).Sure;
    }

    private CharacterSet ClassItem()
    {
        var first = ClassPoint();
        if (_at + 1 >= _text.Length || Current != '-' || _text[_at + 1] == ']')
        {
            return first;
        }

        _at++;
        var last = ClassPoint();
        if (Single(first) is not { } low || Single(last) is not { } high || high < low)
        {
            throw Refused("a range of a class goes from one character to a later one");
        }

        return CharacterSet.Of(CodePointSet.Range(low, high));
    }

    private static int? Single(CharacterSet set) => set.Sure.Ranges is [var (first, last)] && first == last ? first : null;

    private CharacterSet ClassPoint()
    {
        if (AtEnd)
        {
            throw Refused("a class is not closed");
        }

        if (Current == '[' && _at + 1 < _text.Length && _text[_at + 1] is ':' or '[')
        {
            throw Refused("classes within classes are not supported; write '\\['");
        }

        return Current == '\\' ? Escape(inClass: true) : CharacterSet.Of(CodePointSet.Of(Point()));
    }

    private CharacterSet Escape(bool inClass)
    {
        _at++;
        if (AtEnd)
        {
            throw Refused("it ends with a backslash");
        }

        if (CharacterSet.OfEscape(Current) is { } known)
        {
            _at++;
            return known;
        }

        if (inClass && Current == 'b')
        {
            _at++;
            return CharacterSet.Of(CodePointSet.Of('\b'));
        }

        return CharacterSet.Of(Current is 'p' or 'P' ? Property() : CodePointSet.Of(EscapedPoint()));
    }

    private CodePointSet Property()
    {
        var negated = Current == 'P';
        _at++;
        var close = _text.IndexOf('}', _at);
        if (AtEnd || Current != '{' || close < 0 || UnicodeProperties.Find(_text[(_at + 1)..close]) is not { } set)
        {
            throw Refused("a \\p names no property that is known");
        }

        _at = close + 1;
        return negated ? set.Complement() : set;
    }

    private int EscapedPoint()
    {
        var character = Current;
        _at++;
        return character switch
        {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\f',
            'v' => '\v',
            '0' when AtEnd || !char.IsAsciiDigit(Current) => 0,
            'x' => Hexadecimal(2),
            'u' => Hexadecimal(4),
            _ when char.IsAsciiLetterOrDigit(character) => throw Refused($"'\\{character}' is not supported"),
            _ when char.IsSurrogate(character) => throw Refused("a backslash stands before a character beyond U+FFFF"),
            _ => character,
        };
    }

    private int Hexadecimal(int digits)
    {
        var end = _at + digits;
        if (end > _text.Length || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point) || point is >= 0xD800 and <= 0xDFFF)
        {
            throw Refused($"an escape needs {digits} hexadecimal digits of a character");
        }

        _at = end;
        return point;
    }

    private int Point()
    {
        if (!Rune.TryGetRuneAt(_text, _at, out var rune))
        {
            throw Refused("it holds half of a surrogate pair");
        }

        _at += rune.Utf16SequenceLength;
        return rune.Value;
    }

    private bool Take(char wanted)
    {
        if (AtEnd || Current != wanted)
        {
            return false;
        }

        _at++;
        return true;
    }

    private GuideException Refused(string reason) => new($"The regular expression can't be used: {reason} (at character {_at}).");
}
