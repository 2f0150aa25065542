namespace AdapterServe.Engine.Scheduling;

/// <summary>
/// What one step will do: which rows of the flattened batch belong to which sequence, and which of them reach the head.
/// <b>Laws</b>: entries are in row order without gaps; sequences with the same adapter stand together, those without one first.
/// <b>Effects</b>: filled by the scheduler, read by everyone else until the next step; reused.
/// </summary>
internal sealed class StepPlan(int maxSequences)
{
    private readonly PlannedSequence[] _entries = new PlannedSequence[maxSequences];
    private readonly PlannedSequence[] _unordered = new PlannedSequence[maxSequences];
    private int _unorderedCount;

    public ReadOnlySpan<PlannedSequence> Entries => _entries.AsSpan(0, Count);

    public int Count { get; private set; }

    /// <summary>Rows of the batch, T.</summary>
    public int Rows { get; private set; }

    /// <summary>Rows that reach the head, L.</summary>
    public int LogitRows { get; private set; }

    public bool IsFull => _unorderedCount == _unordered.Length;

    public void Clear() => (Count, Rows, LogitRows, _unorderedCount) = (0, 0, 0, 0);

    /// <summary>Plans the next <paramref name="rows"/> pending tokens of a sequence, and behind them what it guesses.</summary>
    public void Add(Sequence sequence, int rows) =>
        _unordered[_unorderedCount++] = WithLogitRows(sequence, rows);

    /// <summary>Drops a sequence that was planned in this step already.</summary>
    public void Remove(Sequence sequence)
    {
        for (var i = 0; i < _unorderedCount; i++)
        {
            if (_unordered[i].Sequence == sequence)
            {
                _unordered.AsSpan((i + 1)..(_unorderedCount--)).CopyTo(_unordered.AsSpan(i));
                return;
            }
        }
    }

    /// <summary>Orders the sequences by adapter and gives them their rows.</summary>
    public void Seal()
    {
        PlaceAll(null);
        for (var i = 0; i < _unorderedCount; i++)
        {
            if (_unordered[i].Sequence is { } sequence)
            {
                PlaceAll(sequence.Adapter);
            }
        }

        _unorderedCount = 0;
    }

    private void PlaceAll(object? adapter)
    {
        foreach (ref var entry in _unordered.AsSpan(0, _unorderedCount))
        {
            if (entry.Sequence is null || !ReferenceEquals(entry.Sequence.Adapter, adapter))
            {
                continue;
            }

            _entries[Count++] = entry with { RowStart = Rows, LogitStart = LogitRows };
            Rows += entry.Rows;
            LogitRows += entry.LogitRows;
            entry = default;
        }
    }

    /// <summary>
    /// The logits of the row at position p score the token at p + 1: the last pending row is sampled from, rows before it only score the prompt.
    /// </summary>
    private static PlannedSequence WithLogitRows(Sequence sequence, int rows)
    {
        var end = sequence.Computed + rows + sequence.Drafts;
        if (sequence.Pools)
        {
            var (from, to) = sequence.ToPool(sequence.Computed, end);
            return new PlannedSequence { Sequence = sequence, Rows = rows, LogitOffset = from - sequence.Computed, LogitRows = to - from };
        }

        var sampled = end == sequence.Count + sequence.Drafts && sequence.WantsMoreTokens;
        var last = sampled ? end : Math.Min(end, sequence.PromptLength - 1);
        var first = sequence.ScoredPrompt < sequence.PromptLength ? Math.Max(sequence.Computed, sequence.ScoredPrompt - 1) : sampled ? sequence.Count - 1 : last;
        return new PlannedSequence
        {
            Sequence = sequence,
            Rows = rows + sequence.Drafts,
            Drafts = sequence.Drafts,
            LogitOffset = first - sequence.Computed,
            LogitRows = Math.Max(0, last - first),
            Sampled = sampled,
        };
    }
}
