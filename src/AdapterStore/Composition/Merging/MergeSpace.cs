namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>What a merge combines at each site.</summary>
public enum MergeSpace
{
    /// <summary>All ranks side by side: exactly the sum, with the sum of the ranks.</summary>
    Ranks,

    /// <summary>The A's, and apart from them the B's: of the same rank, with cross terms.</summary>
    Factors,

    /// <summary>The products s B A; the result is their best approximation of a given rank.</summary>
    Deltas,
}
