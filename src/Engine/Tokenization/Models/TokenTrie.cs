namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>Finds all tokens that a text begins with.</summary>
internal sealed class TokenTrie
{
    private readonly Dictionary<(int Node, char Next), int> _edges = [];
    private readonly List<int> _ids = [-1];

    public void Add(string token, int id)
    {
        int node = 0;
        foreach (char character in token)
        {
            if (!_edges.TryGetValue((node, character), out int next))
            {
                _edges.Add((node, character), next = _ids.Count);
                _ids.Add(-1);
            }

            node = next;
        }

        _ids[node] = id;
    }

    /// <summary>Appends length and id of each, the shortest first.</summary>
    public void FindPrefixes(ReadOnlySpan<char> text, List<(int Length, int Id)> matches)
    {
        int node = 0;
        for (int i = 0; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
        {
            if (_ids[node] >= 0)
            {
                matches.Add((i + 1, _ids[node]));
            }
        }
    }
}
