namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// Rows [RowStart, RowEnd) that are consecutive tokens of one sequence, and the memory that this keeps for its adapter between steps.
/// </summary>
public readonly unsafe struct SequenceRows(int rowStart, int rowEnd, byte* state)
{
    public int RowStart { get; } = rowStart;

    public int RowEnd { get; } = rowEnd;

    /// <summary>As many bytes as the adapter's <see cref="Weights.WeightArena.StateBytes"/>; zero before the first token.</summary>
    public byte* State { get; } = state;
}
