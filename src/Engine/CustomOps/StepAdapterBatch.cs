using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AdapterServe.Engine.Scheduling;
using AdapterServe.Kernels.Cpu;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// The adapters of one step: which rows, of the batch and of the head, each of them acts on.
/// With two base rows, then three rows of adapter a, of which the last reaches the head like both base rows:
/// token segments [(2, 5, a)], logit segments [(2, 3, a)].
/// </summary>
internal sealed unsafe class StepAdapterBatch(int maxSequences, int maxRows) : IDisposable
{
    private readonly SegmentList _tokens = new(maxRows);
    private readonly SegmentList _logits = new(maxRows);
    private readonly VirtualRows[] _virtualRows = new VirtualRows[maxSequences];
    private readonly int[] _rotaryOffsets = GC.AllocateUninitializedArray<int>(maxSequences, pinned: true);
    private readonly SequenceRows[] _sequences = new SequenceRows[maxRows];
    private int _sequenceCount;
    private readonly int[] _positions = GC.AllocateUninitializedArray<int>(maxRows, pinned: true);
    private readonly long[] _ids = GC.AllocateUninitializedArray<long>(maxRows, pinned: true);
    private int _virtualCount;
    private bool _hasAddedIds;
    private bool _hasOffsets;
    private int _tokenRows;
    private int _logitRows;

    public ReadOnlySpan<AdapterSegment> Segments(RowKind rows) => rows == RowKind.Tokens ? _tokens.Segments : _logits.Segments;

    /// <summary>Rows whose embeddings are soft prompts.</summary>
    public ReadOnlySpan<VirtualRows> VirtualRows => _virtualRows.AsSpan(0, _virtualCount);

    /// <summary>[sequences] in the plan's order, or null while all are 0; see PagedAttention.</summary>
    public int* RotaryOffsets => _hasOffsets ? (int*)Unsafe.AsPointer(ref _rotaryOffsets[0]) : null;

    /// <summary>[rows]: what each row's rotation, or its learned position, counts.</summary>
    public ReadOnlySpan<int> RowPositions => _positions.AsSpan(0, _tokenRows);

    /// <summary><see cref="RowPositions"/> for kernels.</summary>
    public int* Positions => (int*)Unsafe.AsPointer(ref _positions[0]);

    /// <summary>[rows]: token ids with those that adapters add, which the graph's input has not; null while no sequence of the step may have such. 0 for a virtual token.</summary>
    public long* Ids => _hasAddedIds ? (long*)Unsafe.AsPointer(ref _ids[0]) : null;

    public AddedLogits AddedLogits { get; } = new(maxRows);

    public HiddenRows Hidden { get; } = new();

    /// <summary>The token rows of those spans whose adapters keep a state, in row order.</summary>
    public ReadOnlySpan<SequenceRows> Sequences => _sequences.AsSpan(0, _sequenceCount);

    /// <summary>Positions of the longest sequence after the step.</summary>
    public int LongestContext { get; private set; }

    public int Rows(RowKind rows) => rows == RowKind.Tokens ? _tokenRows : _logitRows;

    /// <summary>Which of <see cref="Sequences"/> the rows [<paramref name="rowStart"/>, <paramref name="rowEnd"/>) of one adapter are made of.</summary>
    public (int First, int Count) SequencesOf(int rowStart, int rowEnd)
    {
        var first = 0;
        while (first < _sequenceCount && _sequences[first].RowStart < rowStart)
        {
            first++;
        }

        var end = first;
        while (end < _sequenceCount && _sequences[end].RowEnd <= rowEnd)
        {
            end++;
        }

        return (first, end - first);
    }

    public void Gather(StepPlan plan)
    {
        (_tokenRows, _logitRows, LongestContext, _sequenceCount, _virtualCount, _hasOffsets, _hasAddedIds) = (plan.Rows, plan.LogitRows, 0, 0, 0, false, false);
        var pools = false;
        _tokens.Clear();
        _logits.Clear();
        for (var i = 0; i < plan.Count; i++)
        {
            ref readonly var entry = ref plan.Entries[i];
            LongestContext = Math.Max(LongestContext, entry.Past + entry.Rows);
            AddSpans(_tokens, entry.Sequence.Spans, entry.Past, entry.Rows, entry.RowStart);
            AddStates(entry);
            AddSpans(_logits, entry.Sequence.Spans, entry.Past + entry.LogitOffset, entry.LogitRows, entry.LogitStart);
            AddVirtualTokens(entry);
            AddPositions(i, entry);
            AddIds(entry);
            pools |= entry.Sequence.Pools;
        }

        AddedLogits.Plan(_logits.Segments);
        Hidden.Plan(pools);
    }

    public void Dispose()
    {
        AddedLogits.Dispose();
        Hidden.Dispose();
    }

    /// <summary>The rows that hold a sequence's tokens [from, from + count), each to the span that it is in.</summary>
    private static void AddSpans(SegmentList segments, ReadOnlySpan<AdapterSpan> spans, int from, int count, int rowStart)
    {
        for (var i = 0; i < spans.Length; i++)
        {
            var start = Math.Max(from, spans[i].Start);
            var end = i + 1 < spans.Length ? Math.Min(from + count, spans[i + 1].Start) : from + count;
            if (start < end)
            {
                segments.Add(rowStart + start - from, end - start, spans[i].Weights);
            }
        }
    }

    private void AddStates(in PlannedSequence entry)
    {
        if (!entry.Sequence.HasAdapterState)
        {
            return;
        }

        var spans = entry.Sequence.Spans;
        for (var i = 0; i < spans.Length; i++)
        {
            var start = Math.Max(entry.Past, spans[i].Start);
            var end = Math.Min(entry.Past + entry.Rows, i + 1 < spans.Length ? spans[i + 1].Start : int.MaxValue);
            if (start < end && spans[i].State is { } state)
            {
                var memory = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(state));
                _sequences[_sequenceCount++] = new SequenceRows(entry.RowStart + start - entry.Past, entry.RowStart + end - entry.Past, memory);
            }
        }
    }

    private void AddPositions(int sequence, in PlannedSequence entry)
    {
        var offset = entry.Sequence.RotaryOffset;
        _rotaryOffsets[sequence] = offset;
        _hasOffsets |= offset != 0;
        for (var row = 0; row < entry.Rows; row++)
        {
            _positions[entry.RowStart + row] = entry.Past + row - offset;
        }
    }

    private void AddIds(in PlannedSequence entry)
    {
        _hasAddedIds |= entry.Sequence.AddedTokens > 0;
        var tokens = entry.Sequence.TokensWithDrafts.Slice(entry.Past, entry.Rows);
        for (var row = 0; row < tokens.Length; row++)
        {
            _ids[entry.RowStart + row] = Math.Max(tokens[row], 0);
        }
    }

    private void AddVirtualTokens(in PlannedSequence entry)
    {
        if (entry.Sequence.VirtualTokens is { IsPrefix: false } soft && entry.Past < soft.Count)
        {
            _virtualRows[_virtualCount++] = new VirtualRows(entry.RowStart, Math.Min(entry.Rows, soft.Count - entry.Past), entry.Past, soft);
        }
    }
}
