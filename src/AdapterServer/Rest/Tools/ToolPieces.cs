using System.Text;

namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>Collects characters to pieces; white space before the first text, and beside calls, waits until text follows it.</summary>
internal sealed class ToolPieces
{
    private readonly StringBuilder _space = new();
    private readonly StringBuilder _run = new();
    private List<ToolPiece> _pieces = [];
    private bool _isLeading = true;
    private bool _isCall;
    private string? _name;

    public int Calls { get; private set; }

    public void Content(string text)
    {
        foreach (var c in text)
        {
            Content(c);
        }
    }

    public void Content(char c)
    {
        if (_isLeading && char.IsWhiteSpace(c))
        {
            _space.Append(c);
            return;
        }

        Switch(isCall: false);
        _isLeading = false;
        _run.Append(_space).Append(c);
        _space.Clear();
    }

    public void Begin(string name, string arguments)
    {
        Flush();
        _space.Clear();
        (_isLeading, _isCall, _name) = (true, true, name);
        Calls++;
        _run.Append(arguments);
    }

    public void Arguments(char c)
    {
        Switch(isCall: true);
        _run.Append(c);
    }

    /// <summary>The pieces since the last time.</summary>
    public IReadOnlyList<ToolPiece> Take()
    {
        Flush();
        var pieces = _pieces;
        _pieces = [];
        return pieces;
    }

    /// <summary>The last ones: an answer of nothing but white space is that.</summary>
    public IReadOnlyList<ToolPiece> End()
    {
        if (Calls == 0)
        {
            Switch(isCall: false);
            _run.Append(_space);
        }

        return Take();
    }

    private void Switch(bool isCall)
    {
        if (_isCall != isCall)
        {
            Flush();
            _isCall = isCall;
        }
    }

    private void Flush()
    {
        if (_run.Length > 0)
        {
            _pieces.Add(_isCall ? new ToolPiece(Calls - 1, _name, _run.ToString()) : new ToolPiece(null, null, _run.ToString()));
        }

        _run.Clear();
        _name = null;
    }
}
