using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>
/// Reads one call, <c>{"name": "f", "arguments": {…}}</c>, character by character. <b>Semantics</b>: the members in any order, <c>parameters</c> for <c>arguments</c>, which may also be
/// their JSON text; <c>id</c> and <c>type</c> are skipped. Anything else, and a function that nobody knows, is no call.
/// </summary>
/// <param name="functions">Those that may be called.</param>
internal sealed class CallObjectReader(ImmutableHashSet<string> functions)
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly StringBuilder _text = new();
    private Place _place = Place.FirstKey;
    private JsonValueScanner _scanner = new();
    private string _key = string.Empty;

    private enum Place
    {
        FirstKey,
        Key,
        InKey,
        Colon,
        Value,
        InValue,
        Behind,
    }

    public string? Name { get; private set; }

    /// <summary>When the call has begun: its arguments' text so far; what follows comes with <see cref="CallStep.Argument"/>.</summary>
    public string? Arguments { get; private set; }

    /// <summary>Name and a beginning of the arguments are known.</summary>
    public bool IsBegun { get; private set; }

    /// <summary>One more character behind the opening brace.</summary>
    public CallStep Push(char c)
    {
        if (_place is Place.InKey or Place.InValue)
        {
            return Scan(c);
        }

        if (c is ' ' or '\t' or '\n' or '\r')
        {
            return CallStep.More;
        }

        switch (_place)
        {
            case Place.FirstKey or Place.Key when c == '"':
                Begin(Place.InKey);
                return Scan(c);
            case Place.Behind when c == ',':
                _place = Place.Key;
                return CallStep.More;
            case Place.Colon when c == ':':
                _place = Place.Value;
                return CallStep.More;
            case Place.Value when c == '"' || (c == '{' && _key == "arguments"):
                Begin(Place.InValue);
                return Scan(c);
            case Place.Behind when c == '}':
                return CallStep.Ended;
            default:
                return CallStep.Bad;
        }
    }

    private void Begin(Place place)
    {
        _place = place;
        _text.Clear();
        _scanner = new JsonValueScanner();
    }

    private CallStep Scan(char c)
    {
        var result = _scanner.Push(c);
        if (result == ScanResult.Bad)
        {
            return CallStep.Bad;
        }

        var isStreamed = _place == Place.InValue && IsBegun && _key == "arguments";
        if (!isStreamed)
        {
            _text.Append(c);
        }

        if (result == ScanResult.Done)
        {
            return _place == Place.InKey ? EndKey() : EndValue(isStreamed);
        }

        return isStreamed ? CallStep.Argument : c == '{' && _text.Length == 1 ? BeginArguments() : CallStep.More;
    }

    private CallStep EndKey()
    {
        _place = Place.Colon;
        _key = TextOf(_text) is "parameters" or "arguments" ? "arguments" : TextOf(_text) ?? string.Empty;
        return _key is "name" or "arguments" or "id" or "type" && _seen.Add(_key) ? CallStep.More : CallStep.Bad;
    }

    private CallStep EndValue(bool isStreamed)
    {
        _place = Place.Behind;
        if (isStreamed)
        {
            return CallStep.Argument;
        }

        switch (_key)
        {
            case "name":
                Name = TextOf(_text);
                return Name is null || !functions.Contains(Name) ? CallStep.Bad : BeginWith(Arguments);
            case "arguments":
                var text = _text[0] == '"' ? ObjectIn(TextOf(_text)) : _text.ToString();
                return text is null ? CallStep.Bad : BeginWith(text);
            default:
                return CallStep.More;
        }
    }

    private CallStep BeginArguments() => Name is null ? CallStep.More : BeginWith("{");

    private CallStep BeginWith(string? arguments)
    {
        Arguments = arguments;
        IsBegun = Name is not null && arguments is not null;
        return IsBegun ? CallStep.Begun : CallStep.More;
    }

    private static string? TextOf(StringBuilder json)
    {
        try
        {
            using var document = JsonDocument.Parse(json.ToString());
            return document.RootElement.GetString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }

    private static string? ObjectIn(string? text)
    {
        var scanner = new JsonValueScanner();
        var trimmed = text?.Trim() ?? string.Empty;
        for (var i = 0; i < trimmed.Length; i++)
        {
            var result = scanner.Push(trimmed[i]);
            if (result != ScanResult.More)
            {
                return result == ScanResult.Done && trimmed[0] == '{' && i == trimmed.Length - 1 ? trimmed : null;
            }
        }

        return null;
    }
}
