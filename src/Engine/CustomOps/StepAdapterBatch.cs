using AdapterServe.Engine.Scheduling;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// The adapters of one step: which rows, of the batch and of the head, each of them acts on.
/// With two base rows, then three rows of adapter a, of which the last reaches the head like both base rows:
/// token segments [(2, 5, a)], logit segments [(2, 3, a)].
/// </summary>
internal sealed class StepAdapterBatch(int maxSequences)
{
    private readonly SegmentList _tokens = new(maxSequences);
    private readonly SegmentList _logits = new(maxSequences);
    private int _tokenRows;
    private int _logitRows;

    public ReadOnlySpan<AdapterSegment> Segments(RowKind rows) => rows == RowKind.Tokens ? _tokens.Segments : _logits.Segments;

    /// <summary>Positions of the longest sequence after the step.</summary>
    public int LongestContext { get; private set; }

    public int Rows(RowKind rows) => rows == RowKind.Tokens ? _tokenRows : _logitRows;

    public void Gather(StepPlan plan)
    {
        (_tokenRows, _logitRows, LongestContext) = (plan.Rows, plan.LogitRows, 0);
        _tokens.Clear();
        _logits.Clear();
        foreach (var entry in plan.Entries)
        {
            _tokens.Add(entry.RowStart, entry.Rows, entry.Sequence.Adapter);
            LongestContext = Math.Max(LongestContext, entry.Past + entry.Rows);
            _logits.Add(entry.LogitStart, entry.LogitRows, entry.Sequence.Adapter);
        }
    }
}
