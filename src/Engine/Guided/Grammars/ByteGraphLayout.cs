namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// The last step from drafted nodes to a <see cref="ByteGraph"/>: drops bytes that the tokenizer can't write one by one, then everything that no longer leads to an end.
/// <b>Errors</b>: <see cref="GuideException"/> where nothing is left, or a rule begins with itself.
/// </summary>
internal sealed class ByteGraphLayout(ByteGraphBuilder draft, Func<byte, bool> hasByte)
{
    private const int MaxVisits = 2_000_000;
    private readonly int _count = draft.Nodes.Count;
    private readonly bool[] _ends = new bool[draft.Nodes.Count];
    private readonly bool[] _reachesEnd = new bool[draft.Nodes.Count];
    private readonly bool[] _skipsToEnd = new bool[draft.Nodes.Count];
    private List<ByteGraph.ByteEdge>[] _bytes = [];
    private int _visits;

    public ByteGraph Build(int root)
    {
        foreach (var (_, end) in draft.Rules)
        {
            _ends[end] = true;
        }

        _bytes = [.. draft.Nodes.Select(node => node.Bytes.SelectMany(Writable).ToList())];
        Spread(_reachesEnd, throughBytes: true);
        Spread(_skipsToEnd, throughBytes: false);
        if (!_reachesEnd[draft.StartOf(root)])
        {
            throw new GuideException("No text that the model's tokenizer can write satisfies it.");
        }

        RefuseLeftRecursion();
        var (classes, count) = Classes();
        return new ByteGraph
        {
            Start = draft.StartOf(root),
            Nodes = Nodes(),
            RuleStarts = [.. draft.Rules.Select(rule => rule.Start)],
            Classes = classes,
            ClassCount = count,
        };
    }

    private IEnumerable<ByteGraph.ByteEdge> Writable(ByteGraph.ByteEdge edge)
    {
        var start = -1;
        for (int value = edge.Low; value <= edge.High + 1; value++)
        {
            var isWritable = value <= edge.High && hasByte((byte)value);
            if (isWritable && start < 0)
            {
                start = value;
            }
            else if (!isWritable && start >= 0)
            {
                yield return edge with { Low = (byte)start, High = (byte)(value - 1) };
                start = -1;
            }
        }
    }

    /// <summary>Marks the nodes from which their rule's end is reached, by jumps and where wanted by bytes; backwards from the ends, each edge once.</summary>
    private void Spread(bool[] marked, bool throughBytes)
    {
        var (into, callers) = Backwards(throughBytes);
        var ready = new Stack<int>();
        void Mark(int node)
        {
            if (!marked[node])
            {
                marked[node] = true;
                ready.Push(node);
            }
        }

        var ruleOfStart = draft.Rules.Select((rule, index) => (rule.Start, index)).ToDictionary(pair => pair.Start, pair => pair.index);
        foreach (var (_, end) in draft.Rules)
        {
            Mark(end);
        }

        while (ready.TryPop(out var node))
        {
            foreach (var (from, rule) in into[node])
            {
                if (rule < 0 || marked[draft.StartOf(rule)])
                {
                    Mark(from);
                }
            }

            if (ruleOfStart.TryGetValue(node, out var begun))
            {
                foreach (var (from, to) in callers[begun].Where(call => marked[call.To]))
                {
                    Mark(from);
                }
            }
        }
    }

    private (List<(int From, int Rule)>[] Into, List<(int From, int To)>[] Callers) Backwards(bool throughBytes)
    {
        var into = Lists<(int, int)>(_count);
        var callers = Lists<(int, int)>(draft.Rules.Count);
        for (var node = 0; node < _count; node++)
        {
            foreach (var edge in throughBytes ? _bytes[node] : [])
            {
                into[edge.To].Add((node, -1));
            }

            foreach (var jump in draft.Nodes[node].Jumps)
            {
                into[jump.To].Add((node, jump.Rule));
                if (jump.Rule >= 0)
                {
                    callers[jump.Rule].Add((node, jump.To));
                }
            }
        }

        return (into, callers);
    }

    private static List<T>[] Lists<T>(int count) => [.. Enumerable.Range(0, count).Select(_ => new List<T>())];

    private bool Leads(ByteGraph.Jump jump) => _reachesEnd[jump.To] && (jump.Rule < 0 || _reachesEnd[draft.StartOf(jump.Rule)]);

    /// <summary>A rule that comes to itself without a byte read would be entered without end.</summary>
    private void RefuseLeftRecursion()
    {
        var first = draft.Rules.Select((_, rule) => FirstRules(rule)).ToArray();
        var open = first.Select(_ => 0).ToArray();
        foreach (var called in first)
        {
            foreach (var rule in called)
            {
                open[rule]++;
            }
        }

        // Kahn's order: what is left over lies on a cycle or behind one.
        var free = new Stack<int>(Enumerable.Range(0, open.Length).Where(rule => open[rule] == 0));
        var ordered = 0;
        while (free.TryPop(out var rule))
        {
            ordered++;
            foreach (var called in first[rule])
            {
                if (--open[called] == 0)
                {
                    free.Push(called);
                }
            }
        }

        if (ordered < open.Length)
        {
            throw new GuideException("A rule or a schema begins with itself (left recursion), which is not supported; write it with a repetition.");
        }
    }

    /// <summary>The rules that may be entered before a byte is read.</summary>
    private HashSet<int> FirstRules(int rule)
    {
        var (found, seen) = (new HashSet<int>(), new HashSet<int>());
        var open = new Stack<int>([draft.StartOf(rule)]);
        while (open.TryPop(out var node))
        {
            if (!seen.Add(node))
            {
                continue;
            }

            if (++_visits > MaxVisits)
            {
                throw new GuideException("It is too large: too many rules that may begin with many others.");
            }

            foreach (var jump in draft.Nodes[node].Jumps.Where(Leads))
            {
                if (jump.Rule >= 0)
                {
                    found.Add(jump.Rule);
                }

                if (jump.Rule < 0 || _skipsToEnd[draft.StartOf(jump.Rule)])
                {
                    open.Push(jump.To);
                }
            }
        }

        return found;
    }

    private ByteGraph.Node[] Nodes()
    {
        var nodes = new ByteGraph.Node[_count];
        for (var node = 0; node < _count; node++)
        {
            ByteGraph.ByteEdge[] bytes = [.. _bytes[node].Where(edge => _reachesEnd[edge.To])];
            nodes[node] = new ByteGraph.Node(bytes, [.. draft.Nodes[node].Jumps.Where(Leads)], _ends[node], IsTail: false);
        }

        for (var node = 0; node < _count; node++)
        {
            nodes[node] = nodes[node] with { IsTail = IsTail(nodes, node) };
        }

        return nodes;
    }

    private static bool IsTail(ByteGraph.Node[] nodes, int node)
    {
        // Chains of skips are short; a longer one only costs the saving.
        for (var steps = 0; steps < 8; steps++)
        {
            if (nodes[node].IsEnd)
            {
                return true;
            }

            if (nodes[node] is not { Bytes: [], Jumps: [{ Rule: < 0 } only] })
            {
                return false;
            }

            node = only.To;
        }

        return false;
    }

    private (byte[] Classes, int Count) Classes()
    {
        var begins = new bool[257];
        foreach (var edge in _bytes.SelectMany(edges => edges))
        {
            begins[edge.Low] = begins[edge.High + 1] = true;
        }

        var classes = new byte[256];
        var count = 0;
        for (var value = 0; value < 256; value++)
        {
            count += value > 0 && begins[value] ? 1 : 0;
            classes[value] = (byte)count;
        }

        return (classes, count + 1);
    }
}
