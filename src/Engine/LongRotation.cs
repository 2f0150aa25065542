namespace AdapterServe.Engine;

/// <summary>Sequences that rotate otherwise when they are long: all of such a sequence, so that it is computed again when it becomes one.</summary>
/// <param name="From">A sequence with more tokens is long.</param>
/// <param name="FirstRow">Where the rows of long sequences begin in the rotary tables.</param>
public sealed record LongRotation(int From, int FirstRow);
