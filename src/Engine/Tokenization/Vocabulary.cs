using System.Diagnostics.CodeAnalysis;

namespace AdapterServe.Engine.Tokenization;

/// <summary>
/// Token texts and their ids, both ways. Ids may have holes. <b>Errors</b>: ids outside [0, <see cref="MaxId"/>] and an id used twice.
/// </summary>
internal sealed class Vocabulary
{
    /// <summary>Ten times the largest known vocabulary: a hostile id must not reserve gigabytes.</summary>
    public const int MaxId = 4_000_000;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<string?> _texts = [];

    public int Size => _texts.Count;

    public Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Lookup => _ids.GetAlternateLookup<ReadOnlySpan<char>>();

    public void Add(string text, int id)
    {
        if (id is < 0 or > MaxId)
        {
            throw new TokenizerException($"Token id {id} is outside [0, {MaxId}].");
        }

        while (_texts.Count <= id)
        {
            _texts.Add(null);
        }

        if (_texts[id] is { } other && other != text)
        {
            throw new TokenizerException($"Token id {id} stands for two texts.");
        }

        _texts[id] = text;
        _ids[text] = id;
    }

    public bool TryGetId(string text, out int id) => _ids.TryGetValue(text, out id);

    public bool TryGetText(int id, [NotNullWhen(true)] out string? text)
    {
        text = (uint)id < (uint)_texts.Count ? _texts[id] : null;
        return text is not null;
    }
}
