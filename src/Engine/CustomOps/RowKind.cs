namespace AdapterServe.Engine.CustomOps;

/// <summary>Which rows a site sees.</summary>
internal enum RowKind
{
    /// <summary>All rows of the flattened batch, T.</summary>
    Tokens = 0,

    /// <summary>Only the rows that reach the head, L.</summary>
    Logits = 1,
}
