using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Execution;
using AdapterServe.Engine.KvCache;
using AdapterServe.Engine.Scheduling;

namespace AdapterServe.Engine.Tests.Scheduling;

/// <summary>
/// A model whose next token is a hash of everything that the sequence's blocks hold, read back through its block table.
/// A block that is shared, reused or freed wrongly therefore changes tokens.
/// </summary>
internal sealed class BlockMemoryRunner(BlockPool pool, int vocabularySize) : IStepRunner
{
    private readonly ulong[] _slots = new ulong[pool.TotalBlocks * pool.BlockTokens];
    private float[] _logits = [];

    public int VocabularySize => vocabularySize;

    /// <summary>How many of the last tokens the next one depends on; with few, texts repeat themselves.</summary>
    public int Horizon { get; set; } = int.MaxValue;

    public List<int> RowsOfSteps { get; } = [];

    public Action<StepPlan>? OnRun { get; set; }

    public Span<float> Run(StepPlan plan)
    {
        OnRun?.Invoke(plan);
        RowsOfSteps.Add(plan.Rows);
        _logits = new float[plan.LogitRows * vocabularySize];
        foreach (var entry in plan.Entries)
        {
            Write(entry);
        }

        foreach (var entry in plan.Entries)
        {
            for (var row = 0; row < entry.LogitRows; row++)
            {
                var position = entry.Past + entry.LogitOffset + row;
                _logits[(entry.LogitStart + row) * vocabularySize + Next(entry.Sequence, position)] = 10;
            }
        }

        return _logits;
    }

    /// <summary>What the model says after these tokens when nothing else exists.</summary>
    public static int Expected(ReadOnlySpan<int> tokens, string? adapter, int vocabularySize) =>
        Expected(Array.ConvertAll(tokens.ToArray(), token => (token, adapter)), vocabularySize);

    /// <summary>The same where each token has an adapter of its own.</summary>
    public static int Expected(IEnumerable<(int Token, string? Adapter)> tokens, int vocabularySize)
    {
        var hash = 17ul;
        foreach (var (token, adapter) in tokens)
        {
            hash = Mix(hash, Slot(token, adapter));
        }

        return (int)(hash % (ulong)vocabularySize);
    }

    public void Dispose()
    {
    }

    private static ulong Slot(int token, string? adapter) => Mix((ulong)token + 1, (ulong)(adapter?.Sum(c => c * 31) ?? 0));

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * 0x9E3779B97F4A7C15;
        return hash ^ (hash >> 29);
    }

    private void Write(in PlannedSequence entry)
    {
        for (var position = entry.Sequence.UnwrittenPrefix; position < entry.Sequence.VirtualCount; position++)
        {
            Write(entry.Sequence, position);
        }

        for (var position = entry.Past; position < entry.Past + entry.Rows; position++)
        {
            Write(entry.Sequence, position);
        }
    }

    private void Write(Sequence sequence, int position)
    {
        AdapterWeights? adapter = null;
        foreach (var span in sequence.Spans)
        {
            adapter = span.Start <= position ? span.Weights : adapter;
        }

        _slots[SlotIndex(sequence, position)] = Slot(sequence.TokensWithDrafts[position], adapter?.Digest);
    }

    private int Next(Sequence sequence, int position)
    {
        var hash = 17ul;
        for (var i = Math.Max(0, position - Horizon + 1); i <= position; i++)
        {
            hash = Mix(hash, _slots[SlotIndex(sequence, i)]);
        }

        return (int)(hash % (ulong)vocabularySize);
    }

    private int SlotIndex(Sequence sequence, int position) =>
        sequence.Table.Blocks[position / pool.BlockTokens] * pool.BlockTokens + position % pool.BlockTokens;
}
