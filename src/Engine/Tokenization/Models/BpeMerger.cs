namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>Applies merges to a word's symbols, which stand in a linked list while a queue holds the pairs that can merge. O(n log n).</summary>
internal ref struct BpeMerger
{
    private readonly Dictionary<long, BpeMerge> _merges;
    private readonly Span<int> _symbols;
    private readonly Span<int> _next;
    private readonly Span<int> _previous;
    private readonly PriorityQueue<(int Position, int Id), (int Rank, int Position)> _queue;

    private BpeMerger(Span<int> symbols, Dictionary<long, BpeMerge> merges)
    {
        _merges = merges;
        _symbols = symbols;
        _next = new int[symbols.Length];
        _previous = new int[symbols.Length];
        _queue = new PriorityQueue<(int Position, int Id), (int Rank, int Position)>(symbols.Length);
        for (int i = 0; i < symbols.Length; i++)
        {
            _next[i] = i + 1 < symbols.Length ? i + 1 : -1;
            _previous[i] = i - 1;
        }
    }

    public static void Merge(List<int> symbols, Dictionary<long, BpeMerge> merges)
    {
        if (symbols.Count < 2)
        {
            return;
        }

        Span<int> span = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(symbols);
        new BpeMerger(span, merges).Run();
        int kept = 0;
        foreach (int symbol in span)
        {
            if (symbol >= 0)
            {
                span[kept++] = symbol;
            }
        }

        symbols.RemoveRange(kept, symbols.Count - kept);
    }

    private readonly void Run()
    {
        for (int i = 0; i + 1 < _symbols.Length; i++)
        {
            Offer(i);
        }

        while (_queue.TryDequeue(out (int Position, int Id) candidate, out _))
        {
            int left = candidate.Position;
            int right = _symbols[left] < 0 ? -1 : _next[left];

            // Earlier merges may have changed either side since the pair was queued.
            if (right < 0 || !_merges.TryGetValue(BpeMerge.Key(_symbols[left], _symbols[right]), out BpeMerge merge) || merge.Id != candidate.Id)
            {
                continue;
            }

            _symbols[left] = merge.Id;
            _symbols[right] = -1;
            _next[left] = _next[right];
            if (_next[left] >= 0)
            {
                _previous[_next[left]] = left;
                Offer(left);
            }

            if (_previous[left] >= 0)
            {
                Offer(_previous[left]);
            }
        }
    }

    private readonly void Offer(int left)
    {
        if (_merges.TryGetValue(BpeMerge.Key(_symbols[left], _symbols[_next[left]]), out BpeMerge merge))
        {
            _queue.Enqueue((left, merge.Id), (merge.Rank, left));
        }
    }
}
