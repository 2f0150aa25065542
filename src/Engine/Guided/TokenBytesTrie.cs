using System.Collections.Immutable;

namespace AdapterServe.Engine.Guided;

/// <summary>
/// The byte strings of tokens as a tree in one array, depth first, so that a walk goes forward and leaves a branch by one jump. Immutable.
/// </summary>
internal sealed class TokenBytesTrie
{
    private readonly int[] _ids;
    private readonly Node[] _nodes;

    private TokenBytesTrie(List<Node> nodes, List<int> ids) => (_nodes, _ids, Depth) = ([.. nodes], [.. ids], nodes.Select(node => (int)node.Depth).DefaultIfEmpty().Max());

    public int Count => _nodes.Length;

    /// <summary>Bytes of the longest token.</summary>
    public int Depth { get; }

    public ReadOnlySpan<Node> Nodes => _nodes;

    /// <summary>The tokens whose bytes end at a node.</summary>
    public ReadOnlySpan<int> TokensOf(int node) => _ids.AsSpan(_nodes[node].FirstToken, _nodes[node].Tokens);

    /// <param name="tokens">By id; empty ones are in no branch.</param>
    public static TokenBytesTrie Build(ImmutableArray<byte[]> tokens)
    {
        int[] order = [.. Enumerable.Range(0, tokens.Length).Where(id => tokens[id].Length > 0).Order(Comparer<int>.Create((a, b) => tokens[a].AsSpan().SequenceCompareTo(tokens[b])))];
        var (nodes, ids, path) = (new List<Node>(), new List<int>(), new List<int>());
        byte[] before = [];
        foreach (var id in order)
        {
            var bytes = tokens[id];
            var common = before.AsSpan().CommonPrefixLength(bytes);
            Close(nodes, path, common);
            for (var i = common; i < bytes.Length; i++)
            {
                path.Add(nodes.Count);
                nodes.Add(new Node(bytes[i], (ushort)(i + 1), 0, ids.Count, 0));
            }

            var last = path[^1];
            nodes[last] = nodes[last] with { Tokens = nodes[last].Tokens + 1 };
            ids.Add(id);
            before = bytes;
        }

        Close(nodes, path, 0);
        return new TokenBytesTrie(nodes, ids);
    }

    private static void Close(List<Node> nodes, List<int> path, int depth)
    {
        for (var i = path.Count - 1; i >= depth; i--)
        {
            nodes[path[i]] = nodes[path[i]] with { End = nodes.Count };
            path.RemoveAt(i);
        }
    }

    /// <param name="Value">The byte.</param>
    /// <param name="Depth">1 for a token's first byte.</param>
    /// <param name="End">The next node that is not below this one.</param>
    /// <param name="FirstToken">Where its tokens begin.</param>
    /// <param name="Tokens">How many end here.</param>
    internal readonly record struct Node(byte Value, ushort Depth, int End, int FirstToken, int Tokens);
}
