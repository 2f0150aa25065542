namespace AdapterServe.Engine.ChatTemplates.Syntax;

/// <summary>
/// Cuts a template into tokens with the white-space rules that chat templates are written for: the newline after a block tag goes, and so does
/// the white space before one at the start of its line; <c>-</c> takes all white space on its side, <c>+</c> keeps it.
/// <b>Source</b>: the Jinja documentation, with <c>trim_blocks</c> and <c>lstrip_blocks</c> on.
/// </summary>
internal sealed class TemplateLexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;

    private TemplateLexer(string source)
    {
        _source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

        // As for any text file, the last line's end is not part of the text.
        _source = _source.EndsWith('\n') ? _source[..^1] : _source;
    }

    public static List<Token> Read(string source) => new TemplateLexer(source).Run();

    private List<Token> Run()
    {
        while (_at < _source.Length)
        {
            int tag = FindTag(_at);
            ReadText(tag);
            if (tag < _source.Length)
            {
                ReadTag(_source[tag + 1]);
            }
        }

        Add(TokenKind.End, "end of template");
        return _tokens;
    }

    private int FindTag(int from)
    {
        for (int at = from; (at = _source.IndexOf('{', at)) >= 0 && at + 1 < _source.Length; at++)
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return _source.Length;
    }

    private void ReadText(int tag)
    {
        int start = _at;
        int end = tag;
        if (tag < _source.Length)
        {
            char sign = tag + 2 < _source.Length ? _source[tag + 2] : '\0';
            if (sign == '-')
            {
                end = start + _source.AsSpan(start, tag - start).TrimEnd().Length;
            }
            else if (_source[tag + 1] != '{' && sign != '+')
            {
                end = BeforeIndentation(start, tag);
            }
        }

        if (end > start)
        {
            Add(TokenKind.Text, _source[start..end]);
        }

        Advance(tag);
    }

    // Where the white space before a tag begins if nothing else stands before it on its line, else the tag itself.
    private int BeforeIndentation(int start, int tag)
    {
        int at = tag;
        while (at > start && _source[at - 1] != '\n' && char.IsWhiteSpace(_source[at - 1]))
        {
            at--;
        }

        return at == 0 || _source[at - 1] == '\n' ? at : tag;
    }

    private void ReadTag(char kind)
    {
        if (kind == '#')
        {
            int end = _source.IndexOf("#}", _at + 2, StringComparison.Ordinal);
            SkipTagEnd(end >= 0 ? end : throw Error("a comment is not closed"), '#');
            return;
        }

        bool output = kind == '{';
        Add(output ? TokenKind.OutputBegin : TokenKind.BlockBegin, output ? "{{" : "{%");
        Advance(_at + 2);
        if (_at < _source.Length && _source[_at] is '-' or '+')
        {
            Advance(_at + 1);
        }

        ReadCode(output ? '}' : '%');
        Add(output ? TokenKind.OutputEnd : TokenKind.BlockEnd, output ? "}}" : "%}");
        bool raw = !output && IsRaw();
        SkipTagEnd(_at, output ? '}' : '%', keepNewline: raw);
        if (raw)
        {
            ReadRaw();
        }
    }

    // From the closing delimiter at `end` to behind the white space that it takes along.
    private void SkipTagEnd(int end, char delimiter, bool keepNewline = false)
    {
        bool trim = _source[end] == '-' || _source[end - 1] == '-';
        bool keep = keepNewline || _source[end] == '+' || _source[end - 1] == '+';
        Advance(_source.IndexOf('}', delimiter == '}' ? _source.IndexOf('}', end) + 1 : end) + 1);
        if (trim)
        {
            while (_at < _source.Length && char.IsWhiteSpace(_source[_at]))
            {
                Advance(_at + 1);
            }
        }
        else if (!keep && delimiter != '}' && _at < _source.Length && _source[_at] == '\n')
        {
            Advance(_at + 1);
        }
    }

    private void ReadCode(char delimiter)
    {
        int depth = 0;
        while (true)
        {
            while (_at < _source.Length && char.IsWhiteSpace(_source[_at]))
            {
                Advance(_at + 1);
            }

            if (_at >= _source.Length)
            {
                throw Error("a tag is not closed");
            }

            if (depth == 0 && IsTagEnd(delimiter))
            {
                return;
            }

            char character = _source[_at];
            if (character is '\'' or '"')
            {
                ReadString(character);
            }
            else if (char.IsAsciiDigit(character))
            {
                ReadNumber();
            }
            else if (character == '_' || char.IsLetter(character))
            {
                AddSpan(TokenKind.Name, Scan(_at, c => c == '_' || char.IsLetterOrDigit(c)));
            }
            else
            {
                depth += character is '(' or '[' or '{' ? 1 : character is ')' or ']' or '}' ? -1 : 0;
                ReadOperator();
            }
        }
    }

    private bool IsTagEnd(char delimiter)
    {
        int at = _source[_at] is '-' or '+' ? _at + 1 : _at;
        return at + 1 < _source.Length && _source[at] == delimiter && _source[at + 1] == '}';
    }

    private void ReadOperator()
    {
        string two = _at + 1 < _source.Length ? _source.Substring(_at, 2) : "";
        if (two is "==" or "!=" or "<=" or ">=" or "//" or "**")
        {
            AddSpan(TokenKind.Operator, _at + 2);
        }
        else if ("+-*/%~<>=.,:|()[]{}".Contains(_source[_at], StringComparison.Ordinal))
        {
            AddSpan(TokenKind.Operator, _at + 1);
        }
        else
        {
            throw Error($"the character '{_source[_at]}' is not expected");
        }
    }

    private void ReadNumber()
    {
        if (_source[_at] == '0' && _at + 2 < _source.Length && _source[_at + 1] is 'x' or 'X' && char.IsAsciiHexDigit(_source[_at + 2]))
        {
            AddSpan(TokenKind.Integer, Scan(_at + 2, char.IsAsciiHexDigit));
            return;
        }

        int end = Scan(_at, c => char.IsAsciiDigit(c) || c == '_');
        bool isFloat = false;
        if (end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]))
        {
            end = Scan(end + 1, c => char.IsAsciiDigit(c) || c == '_');
            isFloat = true;
        }

        if (end < _source.Length && _source[end] is 'e' or 'E')
        {
            int exponent = end + 1 < _source.Length && _source[end + 1] is '+' or '-' ? end + 2 : end + 1;
            int exponentEnd = Scan(exponent, char.IsAsciiDigit);
            isFloat |= exponentEnd > exponent;
            end = exponentEnd > exponent ? exponentEnd : end;
        }

        Add(isFloat ? TokenKind.Float : TokenKind.Integer, _source[_at..end].Replace("_", "", StringComparison.Ordinal));
        Advance(end);
    }

    private void ReadString(char quote)
    {
        int start = _at + 1;
        int end = start;
        while (end < _source.Length && _source[end] != quote)
        {
            end += _source[end] == '\\' ? 2 : 1;
        }

        if (end >= _source.Length)
        {
            throw Error("a string is not closed");
        }

        Add(TokenKind.String, StringEscapes.Decode(_source.AsSpan(start, end - start)));
        Advance(end + 1);
    }

    private bool IsRaw() => _tokens.Count >= 3 && _tokens[^2].Is("raw") && _tokens[^3].Kind == TokenKind.BlockBegin;

    private void ReadRaw()
    {
        _tokens.RemoveRange(_tokens.Count - 3, 3);
        for (int at = _at; (at = _source.IndexOf("{%", at, StringComparison.Ordinal)) >= 0; at += 2)
        {
            int name = Scan(at + 2, c => c is '-' or '+' || char.IsWhiteSpace(c));
            int end = Scan(name + 6, char.IsWhiteSpace);
            if (_source.AsSpan(name).StartsWith("endraw", StringComparison.Ordinal))
            {
                ReadText(at);
                Advance(end);
                if (end >= _source.Length || !IsTagEnd('%'))
                {
                    break;
                }

                SkipTagEnd(end, '%');
                return;
            }
        }

        throw Error("a raw block is not closed");
    }

    private int Scan(int from, Func<char, bool> accept)
    {
        int at = Math.Min(from, _source.Length);
        while (at < _source.Length && accept(_source[at]))
        {
            at++;
        }

        return at;
    }

    private void AddSpan(TokenKind kind, int end)
    {
        Add(kind, _source[_at..end]);
        Advance(end);
    }

    private void Add(TokenKind kind, string text) => _tokens.Add(new Token(kind, text, _line));

    private void Advance(int to)
    {
        _line += _source.AsSpan(_at, to - _at).Count('\n');
        _at = to;
    }

    private ChatTemplateException Error(string what) => new($"The chat template is malformed in line {_line}: {what}.");
}
