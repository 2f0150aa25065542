namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>Which values of an adapter a merge leaves out.</summary>
public enum MergePruning
{
    None,

    /// <summary>The smallest.</summary>
    Magnitude,

    /// <summary>Any, by chance; the others are divided by the density (DARE).</summary>
    Random,
}
