namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>A string by code points, as Python counts. Texts without surrogate pairs are indexed as they are.</summary>
internal readonly struct Characters
{
    private readonly string _text;
    private readonly int[]? _starts;

    public Characters(string text, Budget budget)
    {
        budget.Write(text.Length);
        _text = text;
        Count = text.Length;
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return;
        }

        var starts = new List<int>(text.Length);
        for (int at = 0; at < text.Length; at += Width(text, at))
        {
            starts.Add(at);
        }

        _starts = [.. starts];
        Count = _starts.Length;
    }

    public int Count { get; }

    public ReadOnlySpan<char> this[int index]
    {
        get
        {
            int start = _starts is null ? index : _starts[index];
            return _text.AsSpan(start, _starts is null ? 1 : Width(_text, start));
        }
    }

    public string this[Range range]
    {
        get
        {
            (int start, int length) = range.GetOffsetAndLength(Count);
            return _text[Position(start)..Position(start + length)];
        }
    }

    public override string ToString() => _text;

    private int Position(int index) => _starts is null ? index : index == Count ? _text.Length : _starts[index];

    private static int Width(string text, int at) => at + 1 < text.Length && char.IsSurrogatePair(text, at) ? 2 : 1;
}
