namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// Rules over bytes, laid out for walking: a network of nodes for each rule. <b>Semantics</b>: a byte edge reads a byte of [Low, High]; a jump reads nothing and goes on,
/// or first goes through a rule and returns. Every node that can be reached can reach its rule's end, so whatever was read can be continued to a whole text.
/// </summary>
internal sealed class ByteGraph
{
    public required int Start { get; init; }

    public required Node[] Nodes { get; init; }

    /// <summary>The first node of each rule.</summary>
    public required int[] RuleStarts { get; init; }

    /// <summary>Bytes that no edge tells apart have the same number.</summary>
    public required byte[] Classes { get; init; }

    public required int ClassCount { get; init; }

    /// <param name="Bytes">What may be read.</param>
    /// <param name="Jumps">Where it goes on without reading.</param>
    /// <param name="IsEnd">The last node of its rule.</param>
    /// <param name="IsTail">Nothing but the end can follow: who returns here may as well return from the rule.</param>
    internal readonly record struct Node(ByteEdge[] Bytes, Jump[] Jumps, bool IsEnd, bool IsTail);

    internal readonly record struct ByteEdge(byte Low, byte High, int To);

    /// <param name="Rule">What is gone through first, or -1.</param>
    /// <param name="To">Where it goes on.</param>
    internal readonly record struct Jump(int Rule, int To);
}
