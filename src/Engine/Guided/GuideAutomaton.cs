using AdapterServe.Engine.Guided.Grammars;

namespace AdapterServe.Engine.Guided;

/// <summary>
/// What an answer must look like, over the tokens of one tokenizer; shared by all answers that must look so. <b>Semantics</b>: a pushdown automaton over bytes, made deterministic
/// as far as texts go there. A token may come next where its bytes can be read and what is then read can be continued to a whole text; since every byte that the rules use is
/// a token by itself, it then can by tokens too. <b>Effects</b>: thread safe; what it remembers is bounded by <see cref="MaxBytes"/>, beyond which it forgets everything and finds it again.
/// </summary>
public sealed class GuideAutomaton
{
    /// <summary>What states and masks may take before they are forgotten.</summary>
    public const long MaxBytes = 16 << 20;

    /// <summary>Most places that are looked at for one mask: a bound on time, half a second or so.</summary>
    private const int MaxWork = 10_000_000;

    private readonly Lock _gate = new();
    private readonly ByteGraph _graph;
    private readonly HashSet<GuideState> _states = [];
    private readonly Dictionary<(int Node, long Outer), GuideState.Frame> _frames = [];
    private readonly HashSet<GuideState.Place> _seen = [];
    private readonly Stack<GuideState.Place> _open = new();
    private readonly List<GuideState.Place> _found = [];
    private readonly ulong[] _firstMask;
    private long _bytes;
    private long _frameCount;

    internal GuideAutomaton(ByteGraph graph, GuideVocabulary vocabulary)
    {
        (_graph, Vocabulary) = (graph, vocabulary);
        var work = 0;
        Start = Close(graph.Start, ref work);
        _firstMask = Walk(vocabulary.First, Start);
        if (!Start.IsAccepting && !_firstMask.AsSpan().ContainsAnyExcept(0UL))
        {
            throw new GuideException("No token of the model begins a text that satisfies it.");
        }
    }

    public GuideVocabulary Vocabulary { get; }

    /// <summary>The most that it takes in memory.</summary>
    public long Weight => MaxBytes + (_graph.Nodes.Length * 64L);

    /// <summary>States that it remembers.</summary>
    internal int States
    {
        get
        {
            lock (_gate)
            {
                return _states.Count;
            }
        }
    }

    internal GuideState Start { get; }

    /// <summary>Which tokens may come first.</summary>
    internal ulong[] FirstMask => _firstMask;

    /// <summary>The state behind one more byte; a dead one where it can't come.</summary>
    internal GuideState After(GuideState state, byte value)
    {
        var work = 0;
        return After(state, value, ref work);
    }

    /// <summary>Which tokens may come next, found once and remembered. <b>Errors</b>: <see cref="GuideException"/> where that would take too long.</summary>
    internal ulong[] MaskOf(GuideState state)
    {
        if (state.Mask is { } known)
        {
            return known;
        }

        var mask = Walk(Vocabulary.Later, state);
        lock (_gate)
        {
            state.Mask = mask;
            Grow(mask.Length * sizeof(ulong));
        }

        return mask;
    }

    private ulong[] Walk(TokenBytesTrie trie, GuideState from)
    {
        var mask = new ulong[(Vocabulary.Size + 63) / 64];
        var states = new GuideState[trie.Depth + 1];
        var work = 0;
        states[0] = from;
        for (var at = 0; at < trie.Count;)
        {
            ref readonly var node = ref trie.Nodes[at];
            var state = After(states[node.Depth - 1], node.Value, ref work);
            if (state.IsDead)
            {
                at = node.End;
                continue;
            }

            states[node.Depth] = state;
            foreach (var id in trie.TokensOf(at))
            {
                mask[id >> 6] |= 1UL << (id & 63);
            }

            at++;
        }

        return mask;
    }

    private GuideState After(GuideState state, byte value, ref int work)
    {
        var byteClass = _graph.Classes[value];
        return state.Next(byteClass) ?? Find(state, value, byteClass, ref work);
    }

    private GuideState Find(GuideState state, byte value, int byteClass, ref int work)
    {
        lock (_gate)
        {
            _seen.Clear();
            foreach (var place in state.Places)
            {
                foreach (var edge in _graph.Nodes[place.Node].Bytes)
                {
                    if (value >= edge.Low && value <= edge.High)
                    {
                        Open(new GuideState.Place(edge.To, place.Returns));
                    }
                }
            }

            var next = Close(ref work);
            state.Remember(byteClass, next);
            return next;
        }
    }

    private GuideState Close(int node, ref int work)
    {
        lock (_gate)
        {
            _seen.Clear();
            Open(new GuideState.Place(node, null));
            return Close(ref work);
        }
    }

    /// <summary>Everything that is reached without a byte: the places with byte edges among it, and whether the text may end.</summary>
    private GuideState Close(ref int work)
    {
        _found.Clear();
        var isAccepting = false;
        while (_open.TryPop(out var place))
        {
            if (++work > MaxWork)
            {
                _open.Clear();
                throw new GuideException("Holding an answer to it takes too long: too many ways to read the same text.");
            }

            ref readonly var node = ref _graph.Nodes[place.Node];
            if (node.IsEnd && place.Returns is null)
            {
                isAccepting = true;
            }
            else if (node.IsEnd)
            {
                Open(new GuideState.Place(place.Returns!.Node, place.Returns.Outer));
            }

            if (node.Bytes.Length > 0)
            {
                _found.Add(place);
            }

            foreach (var jump in node.Jumps)
            {
                Open(jump.Rule < 0 ? place with { Node = jump.To } : new GuideState.Place(_graph.RuleStarts[jump.Rule], Enter(jump.To, place.Returns)));
            }
        }

        return Settle(isAccepting);
    }

    private GuideState Settle(bool isAccepting)
    {
        _found.Sort();
        var state = new GuideState([.. _found], isAccepting, _graph.ClassCount);
        if (_states.TryGetValue(state, out var known))
        {
            return known;
        }

        Grow((_found.Count * 16L) + (_graph.ClassCount * 8L) + 120);
        _states.Add(state);
        return state;
    }

    private void Open(GuideState.Place place)
    {
        if (_seen.Add(place))
        {
            _open.Push(place);
        }
    }

    /// <summary>A rule that nothing follows in its caller returns to the caller's caller at once, so lists written by recursion need no memory.</summary>
    private GuideState.Frame? Enter(int returnsTo, GuideState.Frame? outer)
    {
        if (_graph.Nodes[returnsTo].IsTail)
        {
            return outer;
        }

        var key = (returnsTo, outer?.Number ?? 0);
        if (!_frames.TryGetValue(key, out var frame))
        {
            frame = new GuideState.Frame(returnsTo, outer, ++_frameCount);
            _frames.Add(key, frame);
            Grow(100);
        }

        return frame;
    }

    private void Grow(long bytes)
    {
        _bytes += bytes;
        if (_bytes <= MaxBytes)
        {
            return;
        }

        foreach (var state in _states)
        {
            state.Forget();
        }

        _states.Clear();
        _frames.Clear();
        _bytes = 0;
        if (Start is { } start)
        {
            start.Forget();
            _states.Add(start);
        }
    }
}
