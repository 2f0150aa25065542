namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>
/// Follows one JSON string, object or list character by character, to tell where it ends and where it is no JSON. <b>Semantics</b>: RFC 8259, nested at most 64 deep.
/// </summary>
internal sealed class JsonValueScanner
{
    private const int MaxDepth = 64;
    private readonly Stack<bool> _isObject = new();
    private Place _place = Place.Value;
    private bool _isKey;
    private int _left;
    private string _literal = string.Empty;

    private enum Place
    {
        Value,
        FirstItem,
        FirstKey,
        Key,
        Colon,
        Behind,
        Text,
        Escape,
        Hex,
        Literal,
        Minus,
        Zero,
        Digits,
        Point,
        Fraction,
        Exponent,
        ExponentSign,
        ExponentDigits,
    }

    /// <summary>What the text is after one more character. After anything but <see cref="ScanResult.More"/> the scanner is spent.</summary>
    public ScanResult Push(char c)
    {
        switch (_place)
        {
            case Place.Text:
                return InText(c);
            case Place.Escape:
                (_place, _left) = c == 'u' ? (Place.Hex, 4) : (Place.Text, 0);
                return MoreIf(c is 'u' or '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't');
            case Place.Hex:
                _place = --_left == 0 ? Place.Text : Place.Hex;
                return MoreIf(char.IsAsciiHexDigit(c));
            case Place.Literal:
                var isRight = c == _literal[^_left];
                _place = --_left == 0 ? Place.Behind : Place.Literal;
                return MoreIf(isRight);
            case >= Place.Minus:
                return InNumber(c);
            default:
                return c is ' ' or '\t' or '\n' or '\r' ? ScanResult.More : Between(c);
        }
    }

    private static ScanResult MoreIf(bool isRight) => isRight ? ScanResult.More : ScanResult.Bad;

    private ScanResult InText(char c)
    {
        switch (c)
        {
            case '"' when _isKey:
                (_place, _isKey) = (Place.Colon, false);
                return ScanResult.More;
            case '"':
                return Ended();
            case '\\':
                _place = Place.Escape;
                return ScanResult.More;
            default:
                return MoreIf(c >= ' ');
        }
    }

    private ScanResult Between(char c)
    {
        switch (_place)
        {
            case Place.FirstKey or Place.Key when c == '"':
                (_place, _isKey) = (Place.Text, true);
                return ScanResult.More;
            case Place.FirstKey when c == '}':
            case Place.FirstItem when c == ']':
            case Place.Behind when c == (_isObject.Peek() ? '}' : ']'):
                _isObject.Pop();
                return Ended();
            case Place.Behind when c == ',':
                _place = _isObject.Peek() ? Place.Key : Place.Value;
                return ScanResult.More;
            case Place.Colon when c == ':':
                _place = Place.Value;
                return ScanResult.More;
            case Place.Value or Place.FirstItem:
                return BeginValue(c);
            default:
                return ScanResult.Bad;
        }
    }

    private ScanResult BeginValue(char c)
    {
        switch (c)
        {
            case '{' or '[' when _isObject.Count < MaxDepth:
                _isObject.Push(c == '{');
                _place = c == '{' ? Place.FirstKey : Place.FirstItem;
                return ScanResult.More;
            case '"':
                _place = Place.Text;
                return ScanResult.More;
            case 't' or 'f' or 'n' when _isObject.Count > 0:
                _literal = c == 't' ? "true" : c == 'f' ? "false" : "null";
                (_place, _left) = (Place.Literal, _literal.Length - 1);
                return ScanResult.More;
            case '-' or (>= '0' and <= '9') when _isObject.Count > 0:
                _place = c == '-' ? Place.Minus : c == '0' ? Place.Zero : Place.Digits;
                return ScanResult.More;
            default:
                return ScanResult.Bad;
        }
    }

    private ScanResult InNumber(char c)
    {
        Place? next = (_place, c) switch
        {
            (Place.Minus, '0') => Place.Zero,
            (Place.Minus or Place.Digits, >= '0' and <= '9') => Place.Digits,
            (Place.Zero or Place.Digits, '.') => Place.Point,
            (Place.Point or Place.Fraction, >= '0' and <= '9') => Place.Fraction,
            (Place.Zero or Place.Digits or Place.Fraction, 'e' or 'E') => Place.Exponent,
            (Place.Exponent, '+' or '-') => Place.ExponentSign,
            (Place.Exponent or Place.ExponentSign or Place.ExponentDigits, >= '0' and <= '9') => Place.ExponentDigits,
            _ => null,
        };
        if (next is { } place)
        {
            _place = place;
            return ScanResult.More;
        }

        if (_place is not (Place.Zero or Place.Digits or Place.Fraction or Place.ExponentDigits))
        {
            return ScanResult.Bad;
        }

        // Only the next character tells that a number is over.
        _place = Place.Behind;
        return Push(c);
    }

    private ScanResult Ended()
    {
        _place = Place.Behind;
        return _isObject.Count == 0 ? ScanResult.Done : ScanResult.More;
    }
}
