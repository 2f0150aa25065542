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
internal sealed unsafe class StepAdapterBatch(int maxSequences)
{
    private readonly SegmentList _tokens = new(maxSequences);
    private readonly SegmentList _logits = new(maxSequences);
    private readonly SequenceRows[] _sequences = new SequenceRows[maxSequences];
    private int _sequenceCount;
    private int _tokenRows;
    private int _logitRows;

    public ReadOnlySpan<AdapterSegment> Segments(RowKind rows) => rows == RowKind.Tokens ? _tokens.Segments : _logits.Segments;

    /// <summary>The token rows of those sequences whose adapters keep a state, in row order.</summary>
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
        (_tokenRows, _logitRows, LongestContext, _sequenceCount) = (plan.Rows, plan.LogitRows, 0, 0);
        _tokens.Clear();
        _logits.Clear();
        foreach (var entry in plan.Entries)
        {
            _tokens.Add(entry.RowStart, entry.Rows, entry.Sequence.Adapter);
            LongestContext = Math.Max(LongestContext, entry.Past + entry.Rows);
            _logits.Add(entry.LogitStart, entry.LogitRows, entry.Sequence.Adapter);
            if (entry.Sequence.AdapterState is { } state)
            {
                var memory = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(state));
                _sequences[_sequenceCount++] = new SequenceRows(entry.RowStart, entry.RowStart + entry.Rows, memory);
            }
        }
    }
}
