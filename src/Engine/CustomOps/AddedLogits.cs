namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// The logits of tokens that adapters add to the vocabulary, beside the graph's, which are as wide as the base's vocabulary for every row.
/// <b>Layout</b>: row after row in native memory that grows to the largest need, each row as wide as its own adapter's added tokens.
/// <b>Effects</b>: planned anew for each step; allocates nothing in steady state.
/// </summary>
internal sealed unsafe class AddedLogits(int maxRows) : IDisposable
{
    private readonly (long Start, int Count)[] _rows = new (long, int)[maxRows];
    private readonly Workspace _memory = new();
    private int _count;
    private long _total;

    /// <summary>Makes room for the step's rows. <paramref name="segments"/> are those of the rows that reach the head.</summary>
    public void Plan(ReadOnlySpan<AdapterSegment> segments)
    {
        _rows.AsSpan(0, _count).Clear();
        (_count, _total) = (0, 0);
        foreach (var segment in segments)
        {
            var added = segment.Weights.AddedTokens;
            for (var row = segment.RowStart; added > 0 && row < segment.RowEnd; row++)
            {
                _rows[row] = (_total, added);
                (_total, _count) = (_total + added, row + 1);
            }
        }

        _memory.Ensure(_total * sizeof(float));
    }

    /// <summary>Where the row begins; those of one segment lie behind each other.</summary>
    public float* At(int row) => (float*)_memory.Ensure(0) + _rows[row].Start;

    /// <summary>Empty for a row whose adapter adds none.</summary>
    public ReadOnlySpan<float> Of(int row) => _rows[row].Count == 0 ? [] : new(At(row), _rows[row].Count);

    /// <summary>logit ← scale · logit, then cap · tanh(logit / cap), which the graph does to its own behind the head; a cap of 0 is none.</summary>
    public void Finish(float scale, float cap)
    {
        var logits = (float*)_memory.Ensure(0);
        for (var i = 0L; i < _total; i++)
        {
            var logit = scale * logits[i];
            logits[i] = cap > 0 ? cap * MathF.Tanh(logit / cap) : logit;
        }
    }

    public void Dispose() => _memory.Dispose();
}
