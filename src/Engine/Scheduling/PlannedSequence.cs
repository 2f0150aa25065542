namespace AdapterServe.Engine.Scheduling;

/// <summary>
/// A sequence's share of a step: rows [RowStart, RowStart + Rows) of the batch. Of these, LogitRows from the LogitOffset-th on reach the head,
/// where they are rows [LogitStart, LogitStart + LogitRows).
/// </summary>
internal readonly record struct PlannedSequence
{
    public required Sequence Sequence { get; init; }

    public int RowStart { get; init; }

    public int Rows { get; init; }

    public int LogitStart { get; init; }

    public int LogitRows { get; init; }

    public int LogitOffset { get; init; }

    /// <summary>How many of the last rows are guesses.</summary>
    public int Drafts { get; init; }

    /// <summary>Whether the last logit row that is no guess yields a new token; each guess that holds yields one more.</summary>
    public bool Sampled { get; init; }

    /// <summary>Position of the first row.</summary>
    public int Past => Sequence.Computed;
}
