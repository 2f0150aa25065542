using System.Collections.Immutable;
using System.Text;

namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>
/// Finds the calls in an answer as it comes. <b>Semantics</b>: text beside calls is content; so is what only looked like a call, which is never lost. A mark that stands before or behind
/// calls is no content, nor is white space around calls. A call's arguments are passed on as they come: where they turn out to be no JSON, the rest is content. How the answer is cut
/// into pieces changes nothing. <b>Effects</b>: for one answer and one thread at a time.
/// </summary>
/// <param name="format">How calls are written.</param>
/// <param name="functions">Those that may be called; a call of any other is content.</param>
/// <param name="isBegun">The prompt ended with what stands before calls.</param>
internal sealed class ToolCallReader(ToolFormat format, ImmutableHashSet<string> functions, bool isBegun)
{
    private const int LongestName = 256;

    private readonly ToolPieces _pieces = new();

    /// <summary>What has come and is neither content nor part of a call yet.</summary>
    private readonly StringBuilder _held = new();
    private readonly StringBuilder _name = new();
    private Place _place = isBegun ? Place.Open : format.IsBare ? Place.Start : Place.Text;
    private bool _isList;
    private bool _isBehindCall;
    private CallObjectReader? _call;
    private JsonValueScanner? _arguments;

    private enum Place
    {
        Start,
        Text,
        Open,
        Item,
        Object,
        Behind,
        Close,
        Name,
        NamedArguments,
    }

    /// <summary>How many calls there are so far.</summary>
    public int Calls => _pieces.Calls;

    /// <summary>What another piece of the answer makes certain.</summary>
    public IReadOnlyList<ToolPiece> Append(string text)
    {
        foreach (var c in text)
        {
            Push(c);
        }

        return _pieces.Take();
    }

    /// <summary>The rest, once no more text comes. A call that was cut off stays one.</summary>
    public IReadOnlyList<ToolPiece> End()
    {
        var rest = _held.ToString();
        var isOfCall = _place switch
        {
            Place.Object => _call!.IsBegun,
            Place.Item or Place.Behind => _isBehindCall,
            Place.Close => rest.Length == 0 || format.End?.StartsWith(rest, StringComparison.Ordinal) == true,
            _ => false,
        };
        if (!isOfCall)
        {
            _pieces.Content(_held.ToString());
        }

        _held.Clear();
        return _pieces.End();
    }

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\n' or '\r';

    private void Push(char c)
    {
        switch (_place)
        {
            case Place.Start when IsSpace(c):
                _pieces.Content(c);
                break;
            case Place.Start when c is '{' or '[':
                _place = Place.Open;
                Open(c);
                break;
            case Place.Start or Place.Text:
                _place = Place.Text;
                Text(c);
                break;
            case Place.Open:
                Open(c);
                break;
            case Place.Item:
                Item(c);
                break;
            case Place.Object:
                Object(c);
                break;
            case Place.Behind:
                Behind(c);
                break;
            case Place.Close:
                Close(c);
                break;
            case Place.Name:
                Name(c);
                break;
            case Place.NamedArguments:
                NamedArguments(c);
                break;
        }
    }

    private void Text(char c)
    {
        _held.Append(c);
        while (_held.Length > 0 && !IsBeginning(_held.ToString()))
        {
            _pieces.Content(_held[0]);
            _held.Remove(0, 1);
        }

        if (IsMark(_held.ToString()))
        {
            _place = Place.Open;
        }
    }

    private void Open(char c)
    {
        _isBehindCall = false;
        _held.Append(c);
        if (c == '[')
        {
            (_isList, _place) = (true, Place.Item);
        }
        else if (c == '{')
        {
            BeginObject(isList: false);
        }
        else if (format.IsMistral && (char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            _place = Place.Name;
            _name.Clear().Append(c);
        }
        else if (!IsSpace(c))
        {
            Fail();
        }
    }

    private void Item(char c)
    {
        _held.Append(c);
        if (c == '{')
        {
            BeginObject(isList: true);
        }
        else if (!IsSpace(c))
        {
            Fail();
        }
    }

    private void BeginObject(bool isList)
    {
        (_isList, _place) = (isList, Place.Object);
        _call = new CallObjectReader(functions);
    }

    private void Object(char c)
    {
        _held.Append(c);
        switch (_call!.Push(c))
        {
            case CallStep.Begun:
                BeginCall(_call.Name!, _call.Arguments!);
                break;
            case CallStep.Argument:
                _held.Clear();
                _pieces.Arguments(c);
                break;
            case CallStep.Bad:
                Fail();
                break;
            case CallStep.Ended when !_call.IsBegun && (_call.Name is null || format.IsBare):
                Fail();
                break;
            case CallStep.Ended:
                if (!_call.IsBegun)
                {
                    BeginCall(_call.Name!, "{}");
                }

                _held.Clear();
                _isBehindCall = true;
                _place = _isList ? Place.Behind : Place.Close;
                break;
        }
    }

    private void Behind(char c)
    {
        _held.Append(c);
        if (c == ',')
        {
            _place = Place.Item;
        }
        else if (c == ']')
        {
            _held.Clear();
            _place = Place.Close;
        }
        else if (!IsSpace(c))
        {
            Fail();
        }
    }

    private void Close(char c)
    {
        if (_held.Length == 0 && IsSpace(c))
        {
            _pieces.Content(c);
            return;
        }

        _held.Append(c);
        var text = _held.ToString();
        if (text == format.End)
        {
            _held.Clear();
            _place = Place.Text;
        }
        else if (IsMark(text) || (format.IsBare && text == ";"))
        {
            _place = Place.Open;
        }
        else if (format.IsBare && text == "{")
        {
            BeginObject(isList: false);
        }
        else if (format.End?.StartsWith(text, StringComparison.Ordinal) != true && !IsBeginning(text))
        {
            _held.Clear();
            _place = Place.Text;
            foreach (var other in text)
            {
                // A mark within the rest may begin calls again.
                Push(other);
            }
        }
    }

    private void Name(char c)
    {
        _held.Append(c);
        if (c == '{' && NameOf(_name.ToString()) is { } name && functions.Contains(name))
        {
            _arguments = new JsonValueScanner();
            _arguments.Push(c);
            BeginCall(name, "{");
            _place = Place.NamedArguments;
        }
        else if (c == '{' || _name.Length == LongestName)
        {
            Fail();
        }
        else
        {
            _name.Append(c);
        }
    }

    private static string? NameOf(string text)
    {
        var before = text.AsSpan().Trim();
        if (before.EndsWith("[ARGS]"))
        {
            before = before[..^"[ARGS]".Length];
        }

        var id = before.IndexOf("[CALL_ID]");
        return (id < 0 ? before : before[..id]).Trim().ToString();
    }

    private void NamedArguments(char c)
    {
        var result = _arguments!.Push(c);
        if (result == ScanResult.Bad)
        {
            _held.Append(c);
            Fail();
            return;
        }

        _pieces.Arguments(c);
        if (result == ScanResult.Done)
        {
            _isBehindCall = true;
            _place = Place.Close;
        }
    }

    private void BeginCall(string name, string arguments)
    {
        _held.Clear();
        _pieces.Begin(name, arguments);
    }

    /// <summary>What was held is content, and its last character may begin something else.</summary>
    private void Fail()
    {
        var last = _held[^1];
        _held.Length--;
        _pieces.Content(_held.ToString());
        _held.Clear();
        _place = Place.Text;
        Text(last);
    }

    private bool IsBeginning(string text) => format.Begins.Any(mark => mark.StartsWith(text, StringComparison.Ordinal));

    private bool IsMark(string text) => format.Begins.Contains(text, StringComparer.Ordinal);
}
