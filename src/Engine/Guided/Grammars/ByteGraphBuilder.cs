using System.Text;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// Lays rules out as a <see cref="ByteGraph"/>. <b>Laws</b>: what is emitted between two nodes adds no edge into the first nor out of the second.
/// <b>Errors</b>: <see cref="GuideException"/> for more nodes or edges than are taken.
/// </summary>
internal sealed class ByteGraphBuilder
{
    private const int MaxNodes = 100_000;
    private const int MaxEdges = 400_000;

    private readonly List<DraftNode> _nodes = [];
    private readonly List<(int Start, int End)> _rules = [];
    private int _edges;

    public IReadOnlyList<DraftNode> Nodes => _nodes;

    public IReadOnlyList<(int Start, int End)> Rules => _rules;

    public int NewRule()
    {
        _rules.Add((NewNode(), NewNode()));
        return _rules.Count - 1;
    }

    public int StartOf(int rule) => _rules[rule].Start;

    public int EndOf(int rule) => _rules[rule].End;

    public int NewNode()
    {
        if (_nodes.Count == MaxNodes)
        {
            throw new GuideException("It is too large: counted repetitions within each other, or too many alternatives.");
        }

        _nodes.Add(new DraftNode());
        return _nodes.Count - 1;
    }

    public void Byte(int from, byte low, byte high, int to)
    {
        CountEdge();
        _nodes[from].Bytes.Add(new ByteGraph.ByteEdge(low, high, to));
    }

    public void Skip(int from, int to) => Call(from, -1, to);

    public void Call(int from, int rule, int to)
    {
        CountEdge();
        _nodes[from].Jumps.Add(new ByteGraph.Jump(rule, to));
    }

    public void Text(int from, string text, int to)
    {
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            var next = NewNode();
            Byte(from, value, value, next);
            from = next;
        }

        Skip(from, to);
    }

    public void Emit(GrammarExpression expression, int from, int to)
    {
        switch (expression)
        {
            case GrammarExpression.One one:
                Utf8Ranges.Emit(this, one.Points, from, to);
                break;
            case GrammarExpression.All all:
                foreach (var part in all.Parts)
                {
                    from = After(part, from);
                }

                Skip(from, to);
                break;
            case GrammarExpression.Any any:
                foreach (var part in any.Parts)
                {
                    Emit(part, from, to);
                }

                break;
            case GrammarExpression.Repeat repeat:
                Repeat(repeat.Min, repeat.Max, (start, end) => Emit(repeat.Part, start, end), from, to);
                break;
            case GrammarExpression.Rule rule:
                Call(from, rule.Index, to);
                break;
        }
    }

    /// <summary>What <paramref name="emit"/> lays out between two nodes, so many times.</summary>
    public void Repeat(int min, int? max, Action<int, int> emit, int from, int to)
    {
        for (var done = 0; done < (max ?? min); done++)
        {
            if (done >= min)
            {
                Skip(from, to);
            }

            var next = NewNode();
            emit(from, next);
            // A node of its own: what comes next may leave it only.
            from = next;
        }

        if (max is null)
        {
            var (again, done) = (NewNode(), NewNode());
            Skip(from, again);
            emit(again, done);
            Skip(done, again);
            Skip(again, to);
            return;
        }

        Skip(from, to);
    }

    public ByteGraph Build(int root, Func<byte, bool> hasByte) => new ByteGraphLayout(this, hasByte).Build(root);

    private int After(GrammarExpression part, int from)
    {
        var next = NewNode();
        Emit(part, from, next);
        return next;
    }

    private void CountEdge()
    {
        if (++_edges > MaxEdges)
        {
            throw new GuideException("It is too large: counted repetitions within each other, or too many alternatives.");
        }
    }

    internal sealed class DraftNode
    {
        public List<ByteGraph.ByteEdge> Bytes { get; } = [];

        public List<ByteGraph.Jump> Jumps { get; } = [];
    }
}
