using System.Globalization;

namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>
/// Translates an expression of tokenizer files, written for Oniguruma with its Ruby syntax, to one that the framework's engine understands and that sees
/// stand-ins for code points beyond the basic plane. <b>Errors</b>: <see cref="TokenizerException"/> for malformed expressions, and for back references, named
/// groups, grapheme clusters and extended syntax, which no tokenizer is known to use. <b>Source</b>: the documentation of Oniguruma, <c>doc/RE</c>.
/// </summary>
internal sealed class OnigurumaPattern
{
    private const int MaxCharacters = 1 << 16;
    private const int MaxDepth = 64;
    private const int MaxRepeats = 10_000;

    private readonly PatternReader _reader;
    private readonly OnigurumaClass _classes;

    // Texts and sets; sets are written last, when all are known.
    private readonly List<object> _pieces = [];
    private int _depth;

    private OnigurumaPattern(string expression)
    {
        _reader = new PatternReader(expression);
        _classes = new OnigurumaClass(_reader);
    }

    public static (string Expression, AstralClasses Classes) Translate(string expression)
    {
        if (expression.Length > MaxCharacters)
        {
            throw new TokenizerException($"The tokenizer's pattern is longer than {MaxCharacters} characters.");
        }

        var pattern = new OnigurumaPattern(expression);
        pattern.ReadAlternatives(default);
        if (!pattern._reader.AtEnd)
        {
            throw pattern._reader.Error("a bracket closes nothing");
        }

        var classes = new AstralClasses([.. pattern._pieces.OfType<CodePointSet>().Distinct()]);
        return (string.Concat(pattern._pieces.Select(piece => piece is CodePointSet set ? classes.Write(set) : (string)piece)), classes);
    }

    private void ReadAlternatives(Options options)
    {
        if (++_depth > MaxDepth)
        {
            throw _reader.Error("it is nested too deeply");
        }

        while (!_reader.AtEnd && !_reader.Follows(")"))
        {
            if (_reader.TryTake("|"))
            {
                _pieces.Add("|");
                continue;
            }

            int start = _pieces.Count;
            if (ReadAtom(ref options))
            {
                while (TryReadQuantifier(start))
                {
                }
            }
        }

        _depth--;
    }

    // False for what can't be repeated.
    private bool ReadAtom(ref Options options)
    {
        if (_reader.TryTake("("))
        {
            return ReadGroup(ref options);
        }

        if (_reader.TryTake("["))
        {
            _pieces.Add(_classes.Read(options.IgnoreCase));
        }
        else if (_reader.TryTake("."))
        {
            _pieces.Add(options.DotAll ? CodePointSet.All : CodePointSet.Of('\n').Complement());
        }
        else if (TryReadAnchor() is { } anchor)
        {
            _pieces.AddRange(anchor);
        }
        else if (OnigurumaEscapes.TryReadSet(_reader, inClass: false) is { } set)
        {
            _pieces.Add(set);
        }
        else
        {
            CodePointSet single = CodePointSet.Of(OnigurumaEscapes.ReadPoint(_reader, inClass: false));
            _pieces.Add(options.IgnoreCase ? single.WithOtherCases() : single);
        }

        return true;
    }

    private object[]? TryReadAnchor()
    {
        if (_reader.TryTake("^"))
        {
            return ["(?:\\A|(?<=\\n)(?!\\z))"];
        }

        if (_reader.TryTake("$"))
        {
            return ["(?=\\n|\\z)"];
        }

        if (!_reader.Follows("\\") || _reader.PeekAt(1) is not ('A' or 'Z' or 'z' or 'G' or 'b' or 'B' or 'R'))
        {
            return null;
        }

        _reader.TryTake("\\");
        CodePointSet word = UnicodeProperties.Word;
        return (char)_reader.Take() switch
        {
            'A' => ["\\A"],
            'z' => ["\\z"],
            'G' => ["\\G"],
            'Z' => ["(?=\\n?\\z)"],
            'b' => ["(?:(?<=", word, ")(?!", word, ")|(?<!", word, ")(?=", word, "))"],
            'B' => ["(?:(?<=", word, ")(?=", word, ")|(?<!", word, ")(?!", word, "))"],
            _ => ["(?>\\r\\n|[\\n-\\r\\u0085\\u2028\\u2029])"],
        };
    }

    private bool ReadGroup(ref Options options)
    {
        if (_reader.TryTake("?#"))
        {
            _ = _reader.Until(")");
            return false;
        }

        string open = "(?:";
        Options inner = options;
        if (_reader.TryTake("?"))
        {
            string[] kinds = [":", "=", "!", ">", "<=", "<!"];
            if (kinds.FirstOrDefault(_reader.TryTake) is { } kind)
            {
                open = "(?" + kind;
            }
            else
            {
                ReadOptions(ref inner);
                if (_reader.TryTake(")"))
                {
                    // They hold for the rest of the enclosing group, alternatives included.
                    _pieces.Add("(?:");
                    ReadAlternatives(inner);
                    _pieces.Add(")");
                    return false;
                }

                Expect(":");
            }
        }

        _pieces.Add(open);
        ReadAlternatives(inner);
        Expect(")");
        _pieces.Add(")");
        return true;
    }

    private void ReadOptions(ref Options options)
    {
        for (bool on = true; !_reader.Follows(":") && !_reader.Follows(")");)
        {
            int option = _reader.Take();
            on = option == '-' ? false : on;
            options = option switch
            {
                '-' => options,
                'i' => options with { IgnoreCase = on },
                'm' => options with { DotAll = on },
                _ => throw _reader.Error("a group of this kind is not known"),
            };
        }
    }

    private bool TryReadQuantifier(int start)
    {
        string[] simple = ["*", "+", "?"];
        if (simple.FirstOrDefault(_reader.TryTake) is { } sign)
        {
            // A plus makes it possessive: what it took, it keeps.
            bool lazy = _reader.TryTake("?");
            bool possessive = !lazy && _reader.TryTake("+");
            Repeat(start, sign + (lazy ? "?" : ""), possessive);
            return true;
        }

        if (TryReadInterval() is { } interval)
        {
            Repeat(start, interval + (_reader.TryTake("?") ? "?" : ""), possessive: false);
            return true;
        }

        return false;
    }

    // Braces that hold no numbers are characters.
    private string? TryReadInterval()
    {
        int position = _reader.Position;
        if (_reader.TryTake("{"))
        {
            string least = _reader.TakeDigits();
            bool comma = _reader.TryTake(",");
            string most = comma ? _reader.TakeDigits() : least;
            if (_reader.TryTake("}") && (least.Length > 0 || most.Length > 0))
            {
                int low = least.Length == 0 ? 0 : Count(least);
                return most.Length == 0
                    ? string.Create(CultureInfo.InvariantCulture, $"{{{low},}}")
                    : string.Create(CultureInfo.InvariantCulture, $"{{{low},{Math.Max(low, Count(most))}}}");
            }
        }

        _reader.MoveTo(position);
        return null;
    }

    private int Count(string digits) =>
        int.TryParse(digits, CultureInfo.InvariantCulture, out int count) && count <= MaxRepeats ? count : throw _reader.Error("it repeats something too often");

    private void Repeat(int start, string quantifier, bool possessive)
    {
        _pieces.Insert(start, possessive ? "(?>(?:" : "(?:");
        _pieces.Add(")" + quantifier + (possessive ? ")" : ""));
    }

    private void Expect(string what)
    {
        if (!_reader.TryTake(what))
        {
            throw _reader.Error($"\"{what}\" is missing");
        }
    }

    private readonly record struct Options(bool IgnoreCase, bool DotAll);
}
