using AdapterServe.Engine.Guided.Grammars;

namespace AdapterServe.Engine.Guided;

/// <summary>
/// Where a text may stand in an automaton after the bytes read so far. <b>Effects</b>: immutable but for what is remembered of it, which may be forgotten at any time and found again.
/// </summary>
internal sealed class GuideState(GuideState.Place[] places, bool isAccepting, int classes) : IEquatable<GuideState>
{
    private readonly int _hash = HashOf(places, isAccepting);
    private readonly GuideState?[] _next = new GuideState?[classes];
    private ulong[]? _mask;

    /// <summary>Nodes with byte edges, each with the rules to return to; in order and distinct.</summary>
    public Place[] Places => places;

    /// <summary>The bytes read so far are a whole text.</summary>
    public bool IsAccepting => isAccepting;

    public bool IsDead => places.Length == 0 && !isAccepting;

    /// <summary>Which tokens may come next, one bit each; null while nobody has found out.</summary>
    public ulong[]? Mask
    {
        get => Volatile.Read(ref _mask);
        set => Volatile.Write(ref _mask, value);
    }

    public GuideState? Next(int byteClass) => Volatile.Read(ref _next[byteClass]);

    public void Remember(int byteClass, GuideState next) => Volatile.Write(ref _next[byteClass], next);

    public void Forget()
    {
        Mask = null;
        Array.Clear(_next);
    }

    public bool Equals(GuideState? other) =>
        other is not null && other._hash == _hash && other.IsAccepting == IsAccepting && other.Places.AsSpan().SequenceEqual(Places);

    public override bool Equals(object? obj) => Equals(obj as GuideState);

    public override int GetHashCode() => _hash;

    private static int HashOf(Place[] places, bool isAccepting)
    {
        var hash = default(HashCode);
        hash.Add(isAccepting);
        foreach (var place in places)
        {
            hash.Add(place);
        }

        return hash.ToHashCode();
    }

    /// <param name="Node">In <see cref="ByteGraph.Nodes"/>.</param>
    /// <param name="Returns">Where the rule that it belongs to returns to; null in the first one.</param>
    internal readonly record struct Place(int Node, Frame? Returns) : IComparable<Place>
    {
        public int CompareTo(Place other) => Node != other.Node ? Node.CompareTo(other.Node) : (Returns?.Number ?? 0).CompareTo(other.Returns?.Number ?? 0);
    }

    /// <summary>One rule that was entered and will return. Equal ones are the same object as long as the automaton remembers them.</summary>
    internal sealed class Frame(int node, Frame? outer, long number)
    {
        public int Node => node;

        public Frame? Outer => outer;

        public long Number => number;
    }
}
