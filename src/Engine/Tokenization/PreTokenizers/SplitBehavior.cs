namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>What becomes of the stretches that a splitter's pattern matches.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}
